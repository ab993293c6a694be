# SPDX-License-Identifier: EUPL-1.2
"""Labelled private set intersection over the oblivious function: bytes in, bytes out.

The SEEKER's node has, for each request, some keys (`tracing.keys`) and a label (what is needed to
compare). It publishes an offer: for each key a tag and the label's own key, both made from F_k(key)
so that they mean nothing to whoever does not hold the key; and the labels, encrypted. The HOLDER's
node has its own keys evaluated, blinded, and can then open exactly the labels of requests with
which it shares a key. The seeker's node learns nothing but the padded number of the holder's keys.

Everything has the size of the next power of two: entries, labels and blinded keys.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mostovi.tracing import oprf

MAGIC: Final = b"MTO1"
TAG: Final = 16
WRAPPED: Final = 4 + 32 + 16
ENTRY: Final = TAG + WRAPPED
LABEL_TEXT: Final = 3_072
LABEL: Final = LABEL_TEXT + 16
FEWEST_ENTRIES: Final = 512
FEWEST_LABELS: Final = 16
FEWEST_BLINDED: Final = 1_024
MOST_SLOTS: Final = 64
_HEADER: Final = len(MAGIC) + 8
# Each key of a cipher here is used once, so the nonce may be constant.
_NONCE: Final = bytes(12)


class Malformed(ValueError):
    """Bytes from another node that are not what the protocol says."""


class TooLarge(ValueError):
    """A label has more to say than every label's common size holds."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One request as it goes into an offer: its keys, and what a holder of one of them may see."""

    keys: tuple[str, ...]
    label: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """A label that was opened, and the keys that opened it."""

    label: Mapping[str, Any]
    keys: tuple[str, ...]


def padded(count: int, fewest: int) -> int:
    """The next power of two, at least `fewest`.

    >>> padded(3, 16), padded(17, 16)
    (16, 32)
    """
    size = fewest
    while size < count:
        size *= 2
    return size


def offer(secret: bytes, requests: Sequence[Labelled]) -> bytes:
    """Seeker: what is published for one round under the key `secret`. Raises `TooLarge`."""
    shuffled = list(requests)
    secrets.SystemRandom().shuffle(shuffled)
    labels = padded(len(shuffled), FEWEST_LABELS)
    places = secrets.SystemRandom().sample(range(labels), len(shuffled))
    held: list[bytes] = [secrets.token_bytes(LABEL) for _ in range(labels)]
    entries: list[bytes] = []
    used: dict[str, int] = {}
    for request, place in zip(shuffled, places, strict=True):
        label_key = secrets.token_bytes(32)
        held[place] = AESGCM(label_key).encrypt(_NONCE, _label_text(request.label), b"")
        for key in dict.fromkeys(request.keys):
            slot = used.get(key, 0)
            if slot == MOST_SLOTS:
                continue
            used[key] = slot + 1
            entries.append(_entry(oprf.evaluate(secret, key.encode()), slot, place, label_key))
    while len(entries) < padded(len(entries), FEWEST_ENTRIES):
        entries.append(secrets.token_bytes(ENTRY))
    entries.sort()
    header = MAGIC + len(entries).to_bytes(4, "big") + labels.to_bytes(4, "big")
    return header + b"".join(entries) + b"".join(held)


def _entry(output: bytes, slot: int, place: int, label_key: bytes) -> bytes:
    content = place.to_bytes(4, "big") + label_key
    wrapped = AESGCM(_derived(b"wrap", output, slot)).encrypt(_NONCE, content, b"")
    return _derived(b"tag", output, slot)[:TAG] + wrapped


def _derived(use: bytes, output: bytes, slot: int) -> bytes:
    return hashlib.sha256(b"mostovi " + use + slot.to_bytes(2, "big") + output).digest()


def _label_text(label: Mapping[str, Any]) -> bytes:
    text = json.dumps(label, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > LABEL_TEXT:
        raise TooLarge(f"the description has {len(text)} bytes; at most {LABEL_TEXT} fit")
    return text.ljust(LABEL_TEXT)


def blinded(seed: bytes, keys: Sequence[str]) -> bytes:
    """Holder: the keys, each under a blind of its own, padded with elements nobody can tell apart.

    `keys` are taken in this order; `opened` needs the same seed and order.
    """
    elements = [
        oprf.blind(key.encode(), oprf.derived_scalar(seed, number))
        for number, key in enumerate(keys)
    ]
    missing = padded(len(elements), FEWEST_BLINDED) - len(elements)
    elements.extend(oprf.random_element() for _ in range(missing))
    return b"".join(elements)


def evaluated(secret: bytes, elements: bytes) -> bytes:
    """Seeker: every element evaluated, in order. Raises `Malformed`."""
    try:
        return b"".join(oprf.evaluate_blinded(secret, one) for one in _cut(elements, oprf.ELEMENT))
    except oprf.InvalidElement as error:
        raise Malformed("an element is not one of the group") from error


def opened(seed: bytes, keys: Sequence[str], answer: bytes, published: bytes) -> list[Hit]:
    """Holder: the labels that `keys` open, in the order of the offer. Raises `Malformed`."""
    elements = list(_cut(answer, oprf.ELEMENT))
    if len(elements) < len(keys):
        raise Malformed("fewer elements came back than were sent")
    entries, labels = _read_offer(published)
    found: dict[int, list[str]] = {}
    label_keys: dict[int, bytes] = {}
    try:
        for number, key in enumerate(keys):
            scalar = oprf.derived_scalar(seed, number)
            output = oprf.finish(key.encode(), scalar, elements[number])
            for place, label_key in _opened_by(output, entries):
                found.setdefault(place, []).append(key)
                label_keys[place] = label_key
    except oprf.InvalidElement as error:
        raise Malformed("an element is not one of the group") from error
    return [
        Hit(_read_label(labels, place, label_keys[place]), tuple(found[place]))
        for place in sorted(found)
    ]


def _opened_by(output: bytes, entries: Mapping[bytes, bytes]) -> Iterator[tuple[int, bytes]]:
    for slot in range(MOST_SLOTS):
        wrapped = entries.get(_derived(b"tag", output, slot)[:TAG])
        if wrapped is None:
            return
        try:
            content = AESGCM(_derived(b"wrap", output, slot)).decrypt(_NONCE, wrapped, b"")
        except InvalidTag as error:
            raise Malformed("an entry does not belong to its tag") from error
        yield int.from_bytes(content[:4], "big"), content[4:]


def _read_offer(published: bytes) -> tuple[dict[bytes, bytes], list[bytes]]:
    if published[: len(MAGIC)] != MAGIC or len(published) < _HEADER:
        raise Malformed("this is not an offer")
    entries = int.from_bytes(published[4:8], "big")
    labels = int.from_bytes(published[8:12], "big")
    if len(published) != _HEADER + entries * ENTRY + labels * LABEL:
        raise Malformed("the offer does not have the size it names")
    middle = _HEADER + entries * ENTRY
    cut = _cut(published[_HEADER:middle], ENTRY)
    return {one[:TAG]: one[TAG:] for one in cut}, list(_cut(published[middle:], LABEL))


def _read_label(labels: Sequence[bytes], place: int, label_key: bytes) -> Mapping[str, Any]:
    try:
        text = AESGCM(label_key).decrypt(_NONCE, labels[place], b"")
        label = json.loads(text)
    except (InvalidTag, IndexError, ValueError) as error:
        raise Malformed("a label cannot be read with its own key") from error
    if not isinstance(label, dict):
        raise Malformed("a label is not an object")
    return label


def _cut(content: bytes, size: int) -> Iterator[bytes]:
    if len(content) % size:
        raise Malformed("the content is cut off")
    return (content[start : start + size] for start in range(0, len(content), size))
