"""Train the weights that reading rests on, and say how well they do on people they never saw.

    python bench/train_reading.py            write connector/reading/weights.bin, print the held-back figures
    python bench/train_reading.py --no-write print the held-back figures only

A fold is a writer: the messages whose ids share a prefix. What is printed for a fold was decided by weights that saw
none of its messages; the second model and its thresholds rest on such held-back scores, never on a fit to the training.
"""

import argparse
import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from connector.reading.features import (
    BUCKETS,
    Features,
    Vector,
    message_features,
    sentence_features,
    subject_features,
)
from connector.reading.lexicon import builtin_lexicons
from connector.reading.model import Model, pack_model, unpack_model
from connector.reading.read import Prepared, assemble, prepare
from connector.reading.reading import PartKind
from connector.reading.scoring import Pair, message_of, table
from connector.reading.understand import (
    FACT_QUESTIONS,
    FACTS_BEGIN,
    MESSAGE_HEADS,
    SCOPES,
    SENTENCE_HEADS,
    SUBJECT_HEAD,
    TOPICS,
    YES_OR_NO,
    Evidence,
    stack_inputs,
)
from connector.reading.verdicts import conclude
from connector.reading.withheld import is_held_off, ruled_out

ROOT = Path(__file__).parent.parent
WEIGHTS = ROOT / "connector" / "reading" / "weights.bin"
HEADS = (*(f"m {head}" for head in MESSAGE_HEADS), f"g {SUBJECT_HEAD}", *(f"s {head}" for head in SENTENCE_HEADS))
Matrix = Any  # scipy's sparse matrices carry no types
Line = dict[str, Any]


def load_lines() -> list[Line]:
    """Load the given corpus and the messages written for training."""
    lines: list[Line] = []
    for packed in sorted((ROOT / "tests/data/corpus").glob("*.jsonl.gz")):
        lines.extend(json.loads(line) for line in gzip.decompress(packed.read_bytes()).splitlines() if line.strip())
    for file in sorted((ROOT / "tests/reading/messages").glob("*.jsonl*")):
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        lines.extend(json.loads(line) for line in raw.splitlines() if line.strip())
    return lines


def writer_of(line: Line) -> str:
    """Name the fold of a message; the first 300 came from one hand in five languages."""
    prefix = str(line["id"]).partition("-")[0]
    return "first" if len(prefix) == 2 else prefix


def answers(line: Line, head: str) -> bool:
    """Tell what a person answered to the question of a message head."""
    labels = line["labels"]
    if head in {"critical", "abusive"}:
        return bool(labels[head])
    if head in SCOPES:
        return bool(labels["scope"] == head)
    match head:
        case "nothing":
            return bool(labels["topics"] == 0)
        case "several":
            return bool(labels["topics"] > 1)
        case "fault":
            return labels["scope"] is not None
    return head in labels["request"] or head in labels["form"]


def rests_on(line: Line, head: str, sentence: str) -> bool:
    """Tell whether a person's verdict rests on a sentence."""
    bare = sentence.strip(" .!?;")
    return any(
        words
        and (words in sentence or (len(bare) > 8 and bare in words) or (len(bare) > 15 and words[:25] in sentence))
        for words in line.get("evidence", {}).get(head, ())
    )


class Data:
    """Everything that is computed once from the messages."""

    def __init__(self, lines: Sequence[Line]) -> None:
        lexicons = builtin_lexicons()
        self.lines = list(lines)
        self.prepared: list[Prepared] = [prepare(message_of(line), lexicons) for line in lines]
        self.writers = np.array([writer_of(line) for line in lines])
        whole, subject, each = [], [], []
        owner: list[int] = []
        self.rests: list[dict[str, bool]] = []
        for number, (line, prepared) in enumerate(zip(self.lines, self.prepared, strict=True)):
            tagging = prepared.tagging
            whole.append(message_features(tagging.body, tagging.subject, tagging.circumstances))
            subject.append(subject_features(tagging.subject, tagging.body))
            for tagged in (*tagging.body, tagging.subject):
                each.append(sentence_features(tagged))
                owner.append(number)
                self.rests.append({head: rests_on(line, head, tagged.sentence.text) for head in SENTENCE_HEADS})
        self.owner = np.array(owner)
        self.whole, self.subject, self.each = matrix(whole), matrix(subject), matrix(each)
        self.ruled_out = {question: excluded(question, self.prepared) for question in YES_OR_NO}
        self.proven = np.array(["evidence" in line for line in self.lines])

    def truth(self, head: str) -> Any:
        """Give the answers of all messages to one head."""
        return np.array([answers(line, head) for line in self.lines])


def excluded(question: str, prepared: Sequence[Prepared]) -> Any:
    """Tell which messages the rules say no for, so that thresholds are set for what is left to the model."""
    out = []
    for each in prepared:
        body, subject = each.tagging.body, each.tagging.subject
        held = is_held_off(body, subject)
        out.append(question in ruled_out(body, subject, {question}, held=held))
    return np.array(out)


def matrix(rows: Sequence[Features]) -> Matrix:
    """Lay words and concepts side by side, each of length one."""

    def space(vectors: Iterable[Vector]) -> Matrix:
        data: list[float] = []
        columns: list[int] = []
        ends = [0]
        for vector in vectors:
            columns.extend(bucket for bucket, _ in vector.values)
            data.extend(value / vector.norm for _, value in vector.values)
            ends.append(len(columns))
        return sparse.csr_matrix((data, columns, ends), shape=(len(ends) - 1, BUCKETS))

    return sparse.hstack([space(row.words for row in rows), space(row.concepts for row in rows)]).tocsr()


def fit(features: Matrix, truth: Any, strength: float) -> tuple[Any, float]:
    """Fit one head, a straight line with a margin; the rarer answer weighs as much as the commoner."""
    model = LinearSVC(C=strength, tol=1e-2, max_iter=2000, class_weight="balanced", random_state=0)
    model.fit(features, truth)
    return model.coef_[0], float(model.intercept_[0])


def fit_head(data: Data, head: str, seen: Any) -> tuple[Any, float]:
    """Fit a head of either kind to the messages seen."""
    kind, _, name = head.partition(" ")
    if kind == "s":
        truth = data.truth(name)
        rests = np.array([rest[name] for rest in data.rests])
        usable = (seen & data.proven)[data.owner] & (rests | ~truth[data.owner])
        return fit(data.each[usable], rests[usable], 0.3)
    if kind == "g":
        return fit(data.subject[seen], data.truth(name)[seen], 0.1)
    return fit(data.whole[seen], data.truth(name)[seen], 0.3)


def hold_back(data: Data) -> dict[str, Any]:
    """Score every message by heads that saw nothing of its writer."""
    scores = {head: np.zeros(len(data.owner) if head[0] == "s" else len(data.lines)) for head in HEADS}
    for writer in sorted(set(data.writers)):
        unseen = data.writers == writer
        for head in HEADS:
            weights, bias = fit_head(data, head, ~unseen)
            features, rows = {
                "m": (data.whole, unseen),
                "g": (data.subject, unseen),
                "s": (data.each, unseen[data.owner]),
            }[head[0]]
            scores[head][rows] = features[rows] @ weights + bias
    return scores


def evidence_of(data: Data, scores: dict[str, Any]) -> list[Evidence]:
    """Put held-back scores into the shape that reading works with."""
    found = []
    starts = np.searchsorted(data.owner, np.arange(len(data.lines) + 1))
    for number, prepared in enumerate(data.prepared):
        whole = {head: float(scores[head][number]) for head in HEADS if head[0] == "m"}
        subject = {head: float(scores[head][number]) for head in HEADS if head[0] == "g"}
        each = tuple(
            {head: float(scores[head][row]) for head in HEADS if head[0] == "s"}
            for row in range(starts[number], starts[number + 1])
        )
        inputs = stack_inputs(whole, subject, each, prepared.tagging.facts, prepared.message.channel)
        found.append(Evidence(whole, subject, each, inputs))
    return found


def fit_stacks(data: Data, inputs: Any, seen: Any) -> dict[str, Any]:
    """Fit the second model on held-back scores, and set its thresholds by inner folds of them."""
    means, spreads = inputs[seen].mean(axis=0), inputs[seen].std(axis=0) + 1e-6
    levelled = (inputs - means) / spreads
    plain = levelled.copy()
    plain[:, FACTS_BEGIN : FACTS_BEGIN + len(data.prepared[0].tagging.facts)] = 0.0
    inner_folds = np.array([sum(map(ord, writer)) % 5 for writer in data.writers])
    stacks: dict[str, Any] = {}
    for question in YES_OR_NO:
        truth = data.truth(question)
        shown = levelled if question in FACT_QUESTIONS else plain
        inner = np.zeros(len(truth))
        for fold in range(5):
            unseen = seen & (inner_folds == fold)
            if not unseen.any():
                continue
            fitted = second().fit(shown[seen & ~unseen], truth[seen & ~unseen])
            inner[unseen] = fitted.predict_proba(shown[unseen])[:, 1]
        inner[data.ruled_out[question]] = 0.0
        model = second().fit(shown[seen], truth[seen])
        stacks[question] = {
            "classes": ["yes"],
            "rows": model.coef_.tolist(),
            "biases": model.intercept_.tolist(),
            "threshold": threshold(inner[seen], truth[seen], weight_of(data)[seen]),
        }
    scopes = np.array([SCOPES.index(line["labels"]["scope"] or "none") for line in data.lines])
    topics = np.array([min(2, line["labels"]["topics"]) for line in data.lines])
    for question, classes, truth in (("scope", SCOPES, scopes), ("topics", TOPICS, topics)):
        model = LogisticRegression(C=0.3, max_iter=1000).fit(plain[seen], truth[seen])
        rows, biases = model.coef_.tolist(), model.intercept_.tolist()
        stacks[question] = {"classes": list(classes), "rows": rows, "biases": biases, "threshold": 0.5}
    return {"means": means.tolist(), "spreads": spreads.tolist(), "stacks": stacks}


def second() -> LogisticRegression:
    """Give an unfitted second model."""
    return LogisticRegression(C=0.3, solver="liblinear", random_state=0)


def weight_of(data: Data) -> Any:
    """Count the given corpus fully and the messages written for training, which are all hard ones, by a third."""
    return np.array([1 / 3 if writer.startswith("w") else 1.0 for writer in data.writers])


def threshold(shares: Any, truth: Any, weights: Any) -> float:
    """Choose the threshold with the best F1."""

    def f1(limit: float) -> float:
        said = shares > limit
        right = (weights * (said & truth)).sum()
        return float(2 * right / max(1e-9, (weights * said).sum() + (weights * truth).sum()))

    limits = np.arange(0.15, 0.85, 0.01)
    scores = np.array([f1(limit) for limit in limits])
    smooth = np.convolve(scores, np.ones(9) / 9, mode="same")  # a plateau, not a lucky peak
    return round(float(limits[int(smooth[4:-4].argmax()) + 4]), 3)


def second_model(head: dict[str, Any]) -> Model:
    """Build a model that holds only the second stage."""
    return unpack_model(pack_model({**head, "heads": [], "scales": [], "biases": []}, b"", b""))


def held_back_pairs(data: Data, evidence: Sequence[Evidence]) -> list[Pair]:
    """Read every message as weights would that never saw its writer."""
    lexicons = builtin_lexicons()
    inputs = np.array([each.inputs for each in evidence])
    pairs: list[Pair] = []
    for writer in sorted(set(data.writers)):
        unseen = data.writers == writer
        model = second_model(fit_stacks(data, inputs, ~unseen))
        for number in np.flatnonzero(unseen).tolist():
            line, prepared = data.lines[number], data.prepared[number]
            own = prepared.of(PartKind.OWN).strip()
            only = not own and bool(prepared.of(PartKind.FORWARDED))
            understanding = conclude(prepared.tagging, evidence[number], model, forwarded_only=only)
            reading = assemble(prepared, understanding, lexicons)
            pairs.append(
                Pair(
                    id=line["id"],
                    language=line["lang"],
                    given=line["labels"],
                    found=reading.labels(),
                    found_language=reading.language,
                    text=f"{line['subject']} | {line['body']}",
                )
            )
    return pairs


def build(data: Data, inputs: Any) -> bytes:
    """Fit everything to all messages and pack it."""
    everything = np.ones(len(data.lines), dtype=bool)
    tables, scales, biases = [], [], []
    for head in HEADS:
        weights, bias = fit_head(data, head, everything)
        halves = [weights[:BUCKETS], weights[BUCKETS:]]
        steps = [float(np.abs(half).max() or 1.0) / 127 for half in halves]
        tables.append(
            [
                np.clip(np.round(half / step) + 128, 0, 255).astype(np.uint8)
                for half, step in zip(halves, steps, strict=True)
            ]
        )
        scales.append(steps)
        biases.append(bias)
    described = {**fit_stacks(data, inputs, everything), "heads": list(HEADS), "scales": scales, "biases": biases}
    words, concepts = (np.stack([table[space] for table in tables], axis=1).tobytes() for space in (0, 1))
    return pack_model(described, words, concepts)


def show(title: str, pairs: Sequence[Pair]) -> None:
    """Print one table of figures."""
    print(f"\n{title}: {len(pairs)} messages")
    for row in table(pairs):
        print(f"{row[0]:28}" + "".join(f"{cell:>10}" if len(cell) < 10 else f"{cell:>16}" for cell in row[1:]))


def main() -> None:
    """Train, print the held-back figures, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-write", action="store_true", help="print the held-back figures only")
    parser.add_argument("--pairs", type=Path, help="write every held-back reading to this file, a line each")
    arguments = parser.parse_args()
    data = Data(load_lines())
    evidence = evidence_of(data, hold_back(data))
    pairs = held_back_pairs(data, evidence)
    given = [pair for pair in pairs if not pair.id.startswith("w")]
    show("Held back, the first 300", [pair for pair in given if pair.id[2] == "-"])
    show("Held back, the given corpus", given)
    show("Held back, written for training", [pair for pair in pairs if pair.id.startswith("w")])
    if arguments.pairs:
        with arguments.pairs.open("w", encoding="utf-8") as out:
            for pair in pairs:
                out.write(
                    json.dumps(
                        {"id": pair.id, "given": pair.given, "found": pair.found, "text": pair.text}, ensure_ascii=False
                    )
                    + "\n"
                )
    if not arguments.no_write:
        WEIGHTS.write_bytes(build(data, np.array([each.inputs for each in evidence])))
        print(f"\nwrote {WEIGHTS.relative_to(ROOT)}: {WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
