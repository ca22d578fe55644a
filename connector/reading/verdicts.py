"""Turn what the model makes of a message into verdicts that name their words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.reading.features import TaggedSentence
from connector.reading.model import Model
from connector.reading.reading import Topic, Verdict, Where, Words
from connector.reading.understand import REQUESTS, Evidence, Tagging
from connector.reading.withheld import asked_beside, is_held_off, ruled_out

_FAULT: Final = frozenset({"broken", "error", "slow", "vanished", "stopped", "attack", "leak", "loss"})
_MAX_WORDS: Final = 3
_SURE: Final = 0.0
"""Value of a head from which a further sentence is named beside the best one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Understanding:
    """The verdicts that need understanding."""

    requests: tuple[Verdict, ...] = ()
    critical: Verdict | None = None
    scope: Verdict | None = None
    topics: tuple[Topic, ...] = ()
    abusive: Verdict | None = None
    form: tuple[Verdict, ...] = ()


def conclude(tagging: Tagging, evidence: Evidence, model: Model, *, forwarded_only: bool) -> Understanding:
    """Decide every question; an empty message answers none.

    A forward without a word of the sender's own asks for nothing by itself: somebody has to ask what is wanted.
    """
    if not tagging.body and not tagging.subject.tokens:
        return Understanding()
    answer = {question: model.decide(question, evidence.inputs) for question in model.stacks}
    sure = {question: shares["yes"] for question, shares in answer.items() if "yes" in shares}
    yes = {question for question, share in sure.items() if share > model.stacks[question].threshold}
    held = is_held_off(tagging.body, tagging.subject)
    yes -= ruled_out(tagging.body, tagging.subject, yes, held=held)
    if any(evidence.sentences[place]["s permission_change"] > _SURE for place in asked_beside(tagging.body)):
        # what is held off weighs on the whole message, though not on the request beside it
        yes.add("permission_change")
    places = _Places(tagging, evidence)
    requests = tuple(
        _verdict(label, sure[label], places.best(f"s {label}"), places)
        for label in REQUESTS
        if label in yes and not forwarded_only
    )
    fault = places.faults()
    critical = None
    if "critical" in yes and not forwarded_only:
        critical = _verdict("critical", sure["critical"], places.best("s critical"), places)
    scope = _scope(answer["scope"], fault or places.all(), critical, places)
    abusive = _verdict("abusive", sure["abusive"], places.best("s abusive"), places) if "abusive" in yes else None
    flags = ["vague", "availability_without_task", "generic_subject"] if tagging.body else ["generic_subject"]
    if critical:
        flags.append("missing_reference")
    form = tuple(
        _verdict(label, sure[label], places.subject() if label == "generic_subject" else places.all(), places)
        for label in flags
        if label in yes
    )
    idle = held and not requests and not critical and scope is None
    topics = () if idle else _topics(answer["topics"], requests, fault, places)
    return Understanding(requests=requests, critical=critical, scope=scope, topics=topics, abusive=abusive, form=form)


@dataclass(frozen=True, slots=True)
class _Places:
    """The sentences of a message, by number; the last is the subject."""

    tagging: Tagging
    evidence: Evidence

    @property
    def sentences(self) -> tuple[TaggedSentence, ...]:
        return (*self.tagging.body, self.tagging.subject)

    def best(self, head: str) -> list[int]:
        """Give the sentence that a head scores highest, and others it is sure of."""
        scores = [scored[head] for scored in self.evidence.sentences]
        ranked = sorted(range(len(scores)), key=lambda place: -scores[place])
        return [ranked[0], *(place for place in ranked[1:_MAX_WORDS] if scores[place] > _SURE)]

    def faults(self) -> list[int]:
        found = [
            (sum(bool(_FAULT.intersection(concepts)) for concepts in tagged.concepts), -place)
            for place, tagged in enumerate(self.sentences)
        ]
        ranked = [-place for count, place in sorted(found, reverse=True) if count]
        return ranked[:_MAX_WORDS]

    def all(self) -> list[int]:
        return list(range(min(len(self.tagging.body), _MAX_WORDS))) or self.subject()

    def subject(self) -> list[int]:
        return [len(self.tagging.body)]

    def words(self, place: int) -> Words:
        sentence = self.sentences[place].sentence
        where = Where.SUBJECT if place == len(self.tagging.body) else Where.BODY
        return Words(text=sentence.text, start=sentence.start, end=sentence.end, where=where)


def _verdict(label: str, share: float, at: Sequence[int], places: _Places) -> Verdict:
    words = tuple(places.words(place) for place in at if places.sentences[place].sentence.text)
    concepts = places.sentences[at[0]].concepts if at else ()
    named = dict.fromkeys(concept for found in concepts for concept in found if concept[0].isalpha())
    return Verdict(
        label=label,
        score=round(share, 3),
        words=words,
        reason=f"speaks of {', '.join(list(named)[:8])}" if named else "",
    )


def _scope(shares: Mapping[str, float], at: Sequence[int], critical: Verdict | None, places: _Places) -> Verdict | None:
    """Take the likeliest scope; a critical failure always has one."""
    candidates = {name: share for name, share in shares.items() if not (critical and name == "none")}
    label = max(candidates, key=lambda name: candidates[name])
    return None if label == "none" else _verdict(label, shares[label], at, places)


def _topics(
    shares: Mapping[str, float], requests: Sequence[Verdict], fault: Sequence[int], places: _Places
) -> tuple[Topic, ...]:
    likeliest = max(shares, key=lambda name: shares[name])
    score = round(shares[likeliest], 3)
    count = _counted(int(likeliest), places.tagging.items)
    if count == 0:
        return ()
    anchors = [verdict.words[0] for verdict in requests if verdict.words]
    anchors.extend(places.words(place) for place in fault[:1])
    if count == 1:
        first = anchors[:1] or [places.words(place) for place in places.all()[:1]]
        return (Topic(words=tuple(first), score=score),)
    return tuple(Topic(words=(words,), score=score) for words in _separate(anchors, places, count))


def _counted(count: int, items: int) -> int:
    """Correct "several" by the items of a list: three or four are as many matters, more are the details of one."""
    if count < 2 or items < 3:
        return count
    return items if items <= 4 else 1


def _separate(anchors: Sequence[Words], places: _Places, count: int) -> Iterator[Words]:
    """Give as many different sentences as there are topics: the anchors first, then others that carry most."""
    chosen = list({(words.where, words.start): words for words in anchors}.values())[:count]
    loads = sorted(range(len(places.tagging.body)), key=lambda place: -max(_weights(places.evidence.sentences[place])))
    for place in [*loads, len(places.tagging.body)]:
        words = places.words(place)
        if len(chosen) < count and all((words.where, words.start) != (other.where, other.start) for other in chosen):
            chosen.append(words)
    while len(chosen) < count:  # two matters in one sentence
        chosen.append(chosen[-1])
    yield from sorted(chosen, key=lambda words: (words.where, words.start))


def _weights(scored: Mapping[str, float]) -> list[float]:
    return [scored[f"s {label}"] for label in (*REQUESTS, "critical")]
