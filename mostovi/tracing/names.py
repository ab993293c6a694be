# SPDX-License-Identifier: EUPL-1.2
"""Names of persons, compared across scripts, spellings and the customs of naming.

`read_name` takes a name apart: titles, articles and the words for "son of" do not tell people
apart; "servant of" and "of the faith" belong to the word beside them; some honorifics are part of
the daily name in one register and left out in the next. `relation` says how alike two words are,
`level_of` how alike two names are. Nobody needs a surname: what stands first and what stands last
is compared, in either order, and every other word may be found anywhere in the other name.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mostovi.tracing import scripts, sounds
from mostovi.tracing.model import Level, Model, current
from mostovi.tracing.scripts import Repair, UnreadableName, Word
from mostovi.tracing.spellings import Commonness, Spellings, shipped

__all__ = [
    "NameMatch", "NamePart", "NameWord", "ReadName", "UnreadableName", "compare_names",
    "level_of", "rarity_of", "read_name", "relation",
]  # fmt: skip

MOST_WORDS: Final = 8
_OF_GOD: Final = frozenset({"allah", "ollah", "ulla", "ullah"})
_OF_FAITH: Final = frozenset({"din", "uddin", "eddin", "eddine", "aldin", "udin"})
_SON_OF: Final = re.compile("^(?:ben|bin|bou|بن)(?=.{4})")
SAME: Final = 2
ALIKE: Final = 1
DIFFERENT: Final = 0


@dataclass(frozen=True, slots=True)
class NameWord:
    """One word of a name that tells people apart.

    `other` is empty when there is no second reading. `initial` is a single letter that stands for
    a word beginning with it.
    """

    text: str
    token: str
    other: str
    vowels: int
    commonness: Commonness
    initial: bool = False


@dataclass(frozen=True, slots=True)
class ReadName:
    """A name as it is compared: the words that count, and what was repaired in reading it."""

    words: tuple[NameWord, ...]
    script: str
    repairs: tuple[Repair, ...] = ()

    @property
    def first(self) -> NameWord:
        """The word that stands first: in most customs the given name."""
        return self.words[0]

    @property
    def last(self) -> NameWord | None:
        """The word that stands last; None in a name of one word."""
        return self.words[-1] if len(self.words) > 1 else None

    @property
    def ends(self) -> tuple[NameWord, ...]:
        """First and last word, initials left out."""
        both = (self.words[0], self.words[-1]) if len(self.words) > 1 else self.words
        return tuple(word for word in both if not word.initial)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The distinct sounds of its words, initials left out."""
        return tuple(dict.fromkeys(word.token for word in self.words if not word.initial))

    @property
    def line(self) -> str:
        """All sounds without the spaces, by which Abdul Rahman meets Abdulrahman."""
        joined = "".join(
            word.token.removeprefix("A") if place else word.token
            for place, word in enumerate(self.words)
        )
        return "".join(c for place, c in enumerate(joined) if place == 0 or joined[place - 1] != c)


@dataclass(frozen=True, slots=True)
class NamePart:
    """Two words set side by side, or one that stands alone: the level, its bits, its words."""

    left: str
    right: str
    relation: str
    bits: float
    words: str


@dataclass(frozen=True, slots=True)
class NameMatch:
    """How alike two names are.

    `score` is the probability (0 to 1) that both write one person's name, when before looking one
    pair in fifty did (the model's `names_prior`); `bits` the weight of the evidence of all words;
    `level` a stable code of the model's comparison "names".
    """

    score: float
    level: str
    bits: float
    parts: tuple[NamePart, ...]
    explanation: str
    repairs: tuple[Repair, ...] = ()


# --- Reading ------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=65_536)
def read_name(text: str, language: str = "") -> ReadName:
    """The words of a name that tell people apart. Raises `UnreadableName`.

    >>> [word.token for word in read_name("Abd al-Rahman ibn Khalid").words]
    ['ABTRHMN', 'HLT']
    """
    del language
    cleaned = scripts.clean(text)
    spellings = shipped()
    words = _joined(cleaned.words, spellings)
    read = [_read_word(word, spellings) for word in words[: 2 * MOST_WORDS]]
    kept = [word for word in read if word.token]
    kept = _without_honorifics(kept, spellings)
    if not kept:
        # A name made of particles only (a man called Ben, a girl called Al) is still a name.
        kept = [
            word for word in (_read_word(word, spellings) for word in cleaned.words) if word.token
        ]
    if not kept:
        raise UnreadableName("no_letters", f"The name “{text}” has no letters that can be read.")
    return ReadName(tuple(kept[:MOST_WORDS]), cleaned.script, cleaned.repairs)


def _joined(words: Sequence[Word], spellings: Spellings) -> list[Word]:
    """Particles left out, words that belong together joined."""
    joined: list[Word] = []
    servant: Word | None = None
    for word in words:
        key = spellings.key(word)
        if key in spellings.servants:
            servant = word
            continue
        if key in spellings.articles or key in spellings.descent or key in spellings.titles:
            continue
        if key in spellings.endings and joined and joined[-1].script == word.script:
            ending = "ullah" if key in _OF_GOD else "uddin" if key in _OF_FAITH else word.text
            joined[-1] = Word(joined[-1].text + ending, word.script)
            continue
        text = word.text
        if word.script == "Arab" and text.startswith("ال") and len(text) >= 5 and text != "الله":
            text = text[2:]
        if servant is not None and servant.script == word.script:
            start = "abd" if word.script == "Latn" else servant.text
            text, servant = start + text, None
        joined.append(Word(text, word.script))
    if servant is not None:
        joined.append(servant)
    return joined


def _without_honorifics(words: list[NameWord], spellings: Spellings) -> list[NameWord]:
    """Honorifics left out while at least two words remain: "Khan" alone may be all there is."""
    for word in [word for word in words if word.text in spellings.honorifics]:
        if len(words) > 2:
            words = [other for other in words if other is not word]
    return words


@functools.lru_cache(maxsize=262_144)
def _read_word(word: Word, spellings: Spellings) -> NameWord:
    key = spellings.key(word)
    known = spellings.known.get(key)
    sound = sounds.sound(word)
    if known is not None:
        # An unlisted spelling of the same name has the plain sound.
        other = sound.token if sound.token != known.token and len(sound.token) > 1 else ""
        common = spellings.commonness_of(known.token, known.vowels)
        return NameWord(key, known.token, other, known.vowels, common)
    token, other, vowels = sound.token, sound.other, sound.vowels
    if token.startswith("ABTL") and len(token) > 5:
        # The article of "servant of the": Abdulrahman, Abdurrahman.
        token = "ABT" + token[4:]
        vowels = sounds.without_slot(vowels, 3)
    if len(token) > 5 and token.startswith("ABT") and other in ("", sound.token, token):
        other = token[3:]
    elif start := _SON_OF.match(word.text):
        other = sounds.sound(Word(word.text[start.end() :], word.script)).token
    single = len(word.text) == 1
    return NameWord(
        key,
        token,
        other if other != token else "",
        vowels,
        spellings.commonness_of(token, vowels),
        initial=single,
    )


# --- Comparing ----------------------------------------------------------------------------------


def relation(left: NameWord, right: NameWord) -> int:
    """`SAME`, `ALIKE` or `DIFFERENT`, for two words of names. Symmetric."""
    if left.initial or right.initial:
        return ALIKE if left.token[:1] == right.token[:1] else DIFFERENT
    if left.token == right.token:
        length = len(left.token)
        wrong = sounds.vowels_disagree(left.vowels, right.vowels, length)
        return SAME if wrong <= (length > 4) else ALIKE
    if left.token == right.other or left.other == right.token:
        return SAME
    shorter = min(len(left.token), len(right.token))
    if shorter >= 3 and (
        sounds.coarse(left.token) == sounds.coarse(right.token)
        or distance(left.token, right.token) <= 1
    ):
        return ALIKE
    return DIFFERENT


@functools.lru_cache(maxsize=262_144)
def distance(left: str, right: str) -> int:
    """Levenshtein's edit distance."""
    if left == right:
        return 0
    above = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        line = [row]
        for column, other in enumerate(right, 1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (one != other)))
        above = line
    return above[-1]


def level_of(left: ReadName, right: ReadName) -> str:
    """The level of the comparison "names" in the model. Symmetric.

    `linking.name_levels` says the same in SQL; a property test keeps the two equal.
    """
    longer = len(left.tokens) > 2 or len(right.tokens) > 2
    shared = len(set(left.tokens) & set(right.tokens)) if longer else 0
    if shared >= 3:
        return "three_words"
    pairings = _pairings(left, right)
    if any(min(pair) == SAME for pair in pairings) or (
        len(left.words) != len(right.words) and len(left.line) >= 4 and left.line == right.line
    ):
        return "both_words"
    if shared >= 2 or any(sum(pair) == SAME + ALIKE for pair in pairings):
        return "one_and_alike"
    if any(min(pair) == ALIKE for pair in pairings):
        return "both_alike"
    if shared or any(max(pair) == SAME for pair in pairings):
        return "only_word" if left.last is None or right.last is None else "one_word"
    if any(max(pair) == ALIKE for pair in pairings):
        return "one_alike"
    return "none"


def _pairings(left: ReadName, right: ReadName) -> tuple[tuple[int, int], tuple[int, int]]:
    def between(one: NameWord | None, other: NameWord | None) -> int:
        return DIFFERENT if one is None or other is None else relation(one, other)

    return (
        (between(left.first, right.first), between(left.last, right.last)),
        (between(left.first, right.last), between(left.last, right.first)),
    )


def rarity_of(left: ReadName, right: ReadName) -> str | None:
    """The level of the comparison "rarity": how common the shared words are; None if none is."""
    ends = {word.token: word.commonness for word in reversed(left.ends)}
    others = {word.token: word.commonness for word in reversed(right.ends)}
    # Words of one sound may differ in how common they are, as Ahmad and Ahmadi: then not rare.
    shared = [
        common if common is others[token] else Commonness.VERY
        for token, common in ends.items()
        if token in others
    ]
    if not shared:
        return None
    rare = sum(common is Commonness.RARE for common in shared)
    if rare >= 2:
        return "two_rare"
    if rare == 1:
        return "one_rare"
    return "common" if Commonness.COMMON in shared else "very_common"


# --- Two names alone ----------------------------------------------------------------------------

Pairing = tuple["NameWord | None", "NameWord | None"]


def word_level(pairing: Pairing) -> str:
    """The level of the comparison "word" for two words side by side; None is no word. Symmetric."""
    left, right = pairing
    if left is None or right is None:
        return "missing"
    if left.initial or right.initial:
        return "initial" if left.token[:1] == right.token[:1] else "different"
    found = relation(left, right)
    if found == SAME:
        return ("same_rare", "same_common", "same_very_common")[
            max(left.commonness, right.commonness)
        ]
    if left.token == right.token:
        return "vowels"
    if found == ALIKE:
        return "near"
    longer = max(len(left.token), len(right.token))
    return "far" if longer >= 5 and distance(left.token, right.token) <= 2 else "different"


_CLOSENESS: Final = {
    code: place
    for place, code in enumerate(
        ["same_rare", "same_common", "same_very_common", "vowels", "near", "initial", "far",
         "different", "missing"]
    )
}  # fmt: skip


def side_by_side(left: ReadName, right: ReadName) -> list[Pairing]:
    """Every word beside the word of the other name that is most like it, in the left's order.

    Words that are left over on both sides stand side by side as different words.
    """
    if len(left.words) != len(right.words) and len(left.line) >= 4 and left.line == right.line:
        # One writes apart what the other writes together.
        whole = max(left.words + right.words, key=lambda word: (len(word.token), word.token))
        return [(whole, whole)] * min(len(left.words), len(right.words))
    ranked = sorted(
        (_CLOSENESS[word_level((one, other))], abs(i - j), i, j)
        for i, one in enumerate(left.words)
        for j, other in enumerate(right.words)
    )
    free_left, free_right = set(range(len(left.words))), set(range(len(right.words)))
    beside: dict[int, int] = {}
    for _, _, i, j in ranked:
        if i in free_left and j in free_right:
            free_left.remove(i)
            free_right.remove(j)
            beside[i] = j
    pairs: list[Pairing] = [
        (word, right.words[beside[i]] if i in beside else None) for i, word in enumerate(left.words)
    ]
    return pairs + [(None, right.words[j]) for j in sorted(free_right)]


def compare_names(left: str, right: str, *, model: Model | None = None) -> NameMatch:
    """Compare two written names. Raises `UnreadableName` naming what is wrong with which.

    >>> compare_names("Đorđe Ćirić", "Ђорђе Ћирић").level
    'both_words'
    """
    model = model or current()
    one, other = read_name(left), read_name(right)
    pairings = side_by_side(one, other)
    parts = tuple(_shown(pairing, model) for pairing in pairings)
    bits = math.fsum(part.bits for part in parts)
    level = level_of(one, other)
    found: Level = model.level("names", level)
    return NameMatch(
        score=model.probability(bits, prior=model.names_prior),
        level=level,
        bits=bits,
        parts=parts,
        explanation=found.words,
        repairs=tuple(dict.fromkeys(one.repairs + other.repairs)),
    )


def _shown(pairing: Pairing, model: Model) -> NamePart:
    level = word_level(pairing)
    left, right = pairing
    return NamePart(
        left.text if left else "", right.text if right else "", level, model.bits("word", level),
        model.level("word", level).words,
    )  # fmt: skip
