"""Weigh features with the trained weights.

The weights are a file that `bench/train_reading.py` writes; nothing here is trained. A row holds the weights of one
feature for all heads, one byte each. To add thousands of rows in plain Python at the speed of C, a row is read as one
whole number with a lane of four bytes a head: adding two such numbers adds all heads at once.
"""

import functools
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from math import exp
from typing import Any, Final

from connector.reading.features import BUCKETS, Features, Vector

MAGIC: Final = b"HPRD1\n"
_LANE: Final = 4
_ZERO: Final = 128
"""Weights are stored from 0 to 255, so that no lane borrows from its neighbour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """A small second model over the heads of the first: one row of weights for each class."""

    classes: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]
    threshold: float = 0.5

    def probabilities(self, inputs: Sequence[float]) -> dict[str, float]:
        """Give each class its share; a single row is a yes-or-no question whose yes is the first class."""
        sums = [
            bias + sum(weight * value for weight, value in zip(row, inputs, strict=True))
            for row, bias in zip(self.rows, self.biases, strict=True)
        ]
        if len(sums) == 1:
            return {self.classes[0]: 1 / (1 + exp(-max(-30.0, min(30.0, sums[0]))))}
        highest = max(sums)
        shares = [exp(value - highest) for value in sums]
        return {name: share / sum(shares) for name, share in zip(self.classes, shares, strict=True)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """Trained weights, ready to use."""

    heads: tuple[str, ...]
    words: bytes
    concepts: bytes
    scales: tuple[tuple[float, float], ...]
    """For each head, what one step of its bytes is worth, in the space of words and of concepts."""
    biases: tuple[float, ...]
    stacks: Mapping[str, Stack]
    means: tuple[float, ...]
    spreads: tuple[float, ...]

    def score(self, features: Features) -> dict[str, float]:
        """Give each head's value for a text, above zero for yes."""
        words = self._sum(self.words, features.words)
        concepts = self._sum(self.concepts, features.concepts)
        return {
            head: word * scale[0] + concept * scale[1] + bias
            for head, word, concept, scale, bias in zip(
                self.heads, words, concepts, self.scales, self.biases, strict=True
            )
        }

    def _sum(self, table: bytes, vector: Vector) -> list[float]:
        width = _LANE * len(self.heads)
        total = 0
        for bucket, value in vector.values:
            total += int.from_bytes(table[bucket * width : (bucket + 1) * width], "little") * value
        lanes = struct.unpack(f"<{len(self.heads)}I", total.to_bytes(width, "little"))
        shift = _ZERO * vector.total
        return [(lane - shift) / vector.norm for lane in lanes]

    def decide(self, question: str, inputs: Sequence[float]) -> dict[str, float]:
        """Answer one question from the heads' values."""
        levelled = [
            (value - mean) / spread for value, mean, spread in zip(inputs, self.means, self.spreads, strict=True)
        ]
        return self.stacks[question].probabilities(levelled)


@functools.cache
def builtin_model() -> Model:
    """Load the weights that come with the product, once."""
    return unpack_model((resources.files("connector.reading") / "weights.bin").read_bytes())


def unpack_model(packed: bytes) -> Model:
    """Read a model from the bytes of a weights file."""
    if not packed.startswith(MAGIC):
        raise ValueError(f"weights file begins with {packed[:6]!r}, expected {MAGIC!r}: write it anew")
    raw = zlib.decompress(packed[len(MAGIC) :])
    (size,) = struct.unpack("<I", raw[:4])
    head: dict[str, Any] = json.loads(raw[4 : 4 + size])
    heads = tuple(head["heads"])
    count = BUCKETS * len(heads)
    tables = raw[4 + size :]
    if len(tables) != 2 * count:
        raise ValueError(f"weights file holds {len(tables)} weights, expected {2 * count}: write it anew")
    return Model(
        heads=heads,
        words=_in_lanes(tables[:count]),
        concepts=_in_lanes(tables[count:]),
        scales=tuple((first, second) for first, second in head["scales"]),
        biases=tuple(head["biases"]),
        stacks={
            question: Stack(
                classes=tuple(stack["classes"]),
                rows=tuple(tuple(row) for row in stack["rows"]),
                biases=tuple(stack["biases"]),
                threshold=stack["threshold"],
            )
            for question, stack in head["stacks"].items()
        },
        means=tuple(head["means"]),
        spreads=tuple(head["spreads"]),
    )


def pack_model(head: Mapping[str, Any], words: bytes, concepts: bytes) -> bytes:
    """Write a model as the bytes of a weights file; the tables hold a byte for each bucket and head."""
    described = json.dumps(head, separators=(",", ":"), sort_keys=True).encode()
    return MAGIC + zlib.compress(struct.pack("<I", len(described)) + described + words + concepts, 9)


def _in_lanes(table: bytes) -> bytes:
    lanes = bytearray(_LANE * len(table))
    lanes[::_LANE] = table
    return bytes(lanes)
