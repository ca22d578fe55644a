"""Measure how fast messages are read: rules and lexicon alone, with the model, and a megabyte.

python bench/reading.py
"""

import gzip
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from connector.model.message import Message
from connector.reading import builtin_lexicons, read
from connector.reading.read import prepare
from connector.reading.scoring import message_of

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "corpus" / "messages.jsonl.gz"
SIZE = 2000


def mails() -> list[Message]:
    """Build mails of 2 kB from neighbours in the corpus."""
    given = [message_of(json.loads(line)) for line in gzip.decompress(CORPUS.read_bytes()).splitlines()]
    built = []
    for place in range(0, len(given), 10):
        body = "\n".join(message.body for message in given[place : place + 10])[:SIZE]
        built.append(Message(subject=given[place].subject, body=body, sender=given[place].sender))
    return built


def median(work: Callable[[Message], object], messages: list[Message]) -> float:
    """Give the median of the processor's milliseconds for one message, after a warm-up."""
    for message in messages:
        work(message)
    times = []
    for message in messages * 3:
        begin = time.process_time()
        work(message)
        times.append(time.process_time() - begin)
    return statistics.median(times) * 1000


def main() -> None:
    """Print the figures."""
    lexicons = builtin_lexicons()
    messages = mails()
    large = Message(subject="x", body="Dzień dobry, proszę o dostęp do folderu Umowy.\n" * 22_000)
    print(f"rules and lexicon, 2 kB: {median(lambda message: prepare(message, lexicons), messages):7.2f} ms")
    print(f"with the model, 2 kB:    {median(read, messages):7.2f} ms")
    print(f"a megabyte:              {median(read, [large]):7.2f} ms")


if __name__ == "__main__":
    main()
