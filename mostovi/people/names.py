# SPDX-License-Identifier: EUPL-1.2
"""Names as people give them, and search tokens by which one name in several scripts is found.

Tokens only find candidates for a worker who looks at them; they never say that two people are the
same. Three kinds are made of each word: the word itself (`w:`), its beginnings (`p:`), and a
skeleton of consonants (`k:`) in which Latin, Cyrillic and Arabic spellings meet.

Known limits: skeletons of one consonant are not made (Ali is found as a word only, but in every
script); a hard G for Arabic jim (Gamal), Chinese and Korean readings, nicknames and spelling
mistakes in consonants do not meet. Tracing needs more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

from anyascii import anyascii

from mostovi.people import scripts

PREFIXES = range(2, 7)
MAX_VARIANTS = 12
MAX_WORDS = 16
MAX_LENGTH = 200


class InvalidName(ValueError):
    """The name cannot be recorded; the message says what to do."""


class PartKind(StrEnum):
    """What a part of a name is. `WHOLE` is for names that have no such parts."""

    GIVEN = "given"
    FAMILY = "family"
    PATRONYMIC = "patronymic"
    MIDDLE = "middle"
    KUNYA = "kunya"
    NISBA = "nisba"
    TRIBE = "tribe"
    WHOLE = "whole"


class Usage(StrEnum):
    """Where the name is used."""

    OWN = "own"
    DOCUMENT = "document"
    BIRTH = "birth"
    ALIAS = "alias"
    TRANSLITERATION = "transliteration"


class Order(StrEnum):
    """Which part the person says first."""

    GIVEN_FIRST = "given_first"
    FAMILY_FIRST = "family_first"
    AS_WRITTEN = "as_written"


@dataclass(frozen=True)
class NamePart:
    """One part, as written."""

    kind: PartKind
    text: str


@dataclass(frozen=True)
class PersonName:
    """One name of a person in one script. `parts` stand in the order in which it is given."""

    parts: tuple[NamePart, ...]
    script: str = "Zyyy"
    usage: Usage = Usage.OWN
    order: Order = Order.GIVEN_FIRST

    @property
    def written(self) -> str:
        """The whole name in its own order."""
        return " ".join(part.text for part in self.parts if part.text)

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return scripts.direction(self.script)

    @property
    def romanised(self) -> str:
        """The name in Latin letters, for those who cannot read its script."""
        return romanise(self.written)

    def part(self, kind: PartKind) -> str:
        """All parts of one kind, joined."""
        return " ".join(part.text for part in self.parts if part.kind is kind)

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be sealed."""
        return {
            "parts": [[part.kind.value, part.text] for part in self.parts],
            "script": self.script,
            "usage": self.usage.value,
            "order": self.order.value,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PersonName:
        """The counterpart of `as_json`; raises `InvalidName`."""
        try:
            parts = tuple(NamePart(PartKind(kind), str(text)) for kind, text in values["parts"])
            usage = Usage(values.get("usage", "own"))
            order = Order(values.get("order", "given_first"))
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidName("A name is a list of parts, each with its kind and text.") from error
        return make(parts, script=values.get("script", ""), usage=usage, order=order)

    @classmethod
    def from_stored(cls, values: Mapping[str, Any]) -> PersonName:
        """`from_json` of what `as_json` gave: it was made tidy and checked before it was sealed."""
        parts = tuple(NamePart(PartKind(kind), text) for kind, text in values["parts"])
        return cls(parts, values["script"], Usage(values["usage"]), Order(values["order"]))


def make(
    parts: Iterable[NamePart],
    *,
    script: str = "",
    usage: Usage = Usage.OWN,
    order: Order = Order.GIVEN_FIRST,
) -> PersonName:
    """Tidy white space, drop empty parts, put them in `order`, find the script.

    Raises `InvalidName` for an empty name, one without letters, or one that is far too long.
    """
    tidy = [
        NamePart(part.kind, " ".join(unicodedata.normalize("NFC", part.text).split()))
        for part in parts
    ]
    tidy = [part for part in tidy if part.text]
    if order is Order.FAMILY_FIRST:
        tidy.sort(key=lambda part: part.kind is not PartKind.FAMILY)
    elif order is Order.GIVEN_FIRST:
        tidy.sort(key=lambda part: part.kind is PartKind.FAMILY)
    name = PersonName(tuple(tidy), usage=usage, order=order)
    written = name.written
    if not any(unicodedata.category(character).startswith("L") for character in written):
        raise InvalidName("Write at least one part of the name with letters.")
    if len(written) > MAX_LENGTH:
        raise InvalidName(f"The name is longer than {MAX_LENGTH} characters.")
    if any(unicodedata.category(character) == "Cc" for character in written):
        raise InvalidName("The name holds a character that cannot be written.")
    if script == scripts.UNDETERMINED:
        script = ""
    if script and script not in scripts.SCRIPTS:
        raise InvalidName(f"'{script}' is not a script code such as Latn, Cyrl or Arab.")
    return PersonName(tuple(tidy), script or scripts.detect(written), usage, order)


def warnings(name: PersonName) -> list[str]:
    """Codes of things a worker should look at: `mixed_script`, `other_script`."""
    found = []
    if scripts.mixed_words(name.written):
        found.append("mixed_script")
    seen = scripts.scripts_in(name.written)
    if seen and name.script not in seen:
        found.append("other_script")
    return found


def romanise(text: str) -> str:
    """`text` in Latin letters: Serbian and Macedonian exactly, the rest through anyascii.

    >>> romanise("Хаџић")
    'Hadžić'
    """
    if scripts.detect(text) == "Latn":
        return text
    latin = scripts.to_latin(text)
    kept = "čćšžđëçáéíóúǵḱ"
    read = "".join(c if c.lower() in kept else anyascii(c) for c in latin)
    return read[:1].upper() + read[1:] if read[:1].islower() else read


# --- Words -------------------------------------------------------------------------------------

_LATIN = str.maketrans({
    "đ": "dj", "ð": "dj", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "ı": "i", "þ": "th",
    "ǵ": "gj", "ḱ": "kj",
})  # fmt: skip
_OTHER_CYRILLIC = str.maketrans({"х": "h", "ѐ": "е", "ѝ": "и"})
_ARABIC = str.maketrans({
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ۍ": "ي", "ئ": "ي",
    "ے": "ي", "ك": "ک", "ة": "ه", "ۀ": "ه", "ە": "ه", "ہ": "ه", "ۃ": "ه", "ؤ": "و", "ء": "",
    "ـ": "", "‌": "", "‍": "", "ۆ": "و", "ێ": "ي",
})  # fmt: skip
_APOSTROPHES = re.compile("[`'´ʹʻʼʽʾʿ‘’′]")
_LATIN_PARTICLES = frozenset({
    "al", "el", "ul", "as", "ash", "ad", "ar", "an", "at", "az", "il",
    "ibn", "bin", "ben", "bint", "binti", "ould", "wald",
})  # fmt: skip
_ARABIC_PARTICLES = frozenset({"بن", "ابن", "بنت", "ولد", "ال"})
_SERVANTS = frozenset({"abd", "abdul", "abdal", "abdel", "abdur", "abdu", "abdi", "abdoul"})


def _plain(text: str) -> str:
    """Lower case without marks; Arabic spelling variants made one."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_LATIN)
    # Marks fall away only after č, đ and the like were looked at.
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if not unicodedata.combining(c)).translate(_ARABIC)


def _latin_word(word: str) -> str:
    """A word of any script but Arabic as plain Latin letters."""
    if not word.isascii():
        word = _plain(scripts.to_latin(word).translate(_OTHER_CYRILLIC))
        word = anyascii(word).lower()
    return re.sub("[^a-z0-9]", "", word)


def _words(text: str) -> list[str]:
    """The words that count, particles left out and 'servant of' names joined.

    >>> _words("Abd al-Rahman ibn Khalid"), _words("عبد الرحمن بن خالد")
    (['abdrahman', 'khalid'], ['عبدرحمن', 'خالد'])
    """
    prepared = unicodedata.normalize("NFC", _APOSTROPHES.sub("", text))
    raw = [word for word in re.split(r"[\W_]+", prepared, flags=re.UNICODE) if word]
    # Vowel signs of Indic scripts and Arabic are not word characters for `re`; keep them joined.
    if any(unicodedata.category(c).startswith("M") for c in prepared):
        raw = re.sub(r"[^\w\s]", _mark_or_space, prepared).split()
    words: list[str] = []
    servant = ""
    for word in raw[: 2 * MAX_WORDS]:
        arabic = scripts.detect(word) == "Arab"
        plain = _plain(word) if arabic else _latin_word(_plain_keep_cyrillic(word))
        if not plain:
            continue
        if plain in _SERVANTS or plain == "عبد":
            servant = "عبد" if arabic else "abd"
            continue
        if plain in (_ARABIC_PARTICLES if arabic else _LATIN_PARTICLES):
            continue
        rest = _without_article(plain) if arabic else plain
        words.append(servant + rest if servant else _servant_joined(plain, arabic))
        servant = ""
    if servant:
        words.append(servant)
    # A name made of particles only (a person called Ben) is still a name.
    return (words or [_latin_word(_plain(word)) or word for word in raw])[:MAX_WORDS]


def _mark_or_space(match: re.Match[str]) -> str:
    return match[0] if unicodedata.category(match[0]).startswith("M") else " "


def _plain_keep_cyrillic(word: str) -> str:
    """Cyrillic goes to Latin before its marks are taken away (ћ, й, ѓ would lose theirs)."""
    if scripts.detect(word) == "Cyrl":
        return _plain(scripts.to_latin(unicodedata.normalize("NFC", word).casefold()))
    return _plain(word)


def _without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) >= 4 else word


_JOINED_SERVANT = re.compile(r"^abd(?:[aeiou]+l(?=.{3})|[aeiou](?=([bcdfghjklmnpqrstvwxyz])\1))")


def _servant_joined(word: str, arabic: bool) -> str:
    """Abdulrahman, Abdurrahman and عبدالرحمن as `abd` + rahman."""
    if arabic:
        if word.startswith("عبد") and len(word) > 5:
            return "عبد" + _without_article(word[3:])
        return _without_article(word)
    match = _JOINED_SERVANT.match(word)
    if not match:
        return word
    rest = word[match.end() :]
    return "abd" + (rest[1:] if match[1] else rest)


# --- Skeletons ---------------------------------------------------------------------------------

_ARABIC_CONSONANTS: Mapping[str, tuple[str, ...]] = {
    "ب": ("b",), "پ": ("p",), "ت": ("t",), "ٹ": ("t",), "ټ": ("t",), "ث": ("t", "s"),
    "ج": ("j",), "چ": ("c",), "ح": ("h",), "خ": ("h",), "د": ("d",), "ڈ": ("d",), "ډ": ("d",),
    "ذ": ("d", "z"), "ر": ("r",), "ڑ": ("r",), "ړ": ("r",), "ز": ("z",), "ژ": ("z",),
    "ږ": ("z", "g"), "س": ("s",), "ش": ("s",), "ښ": ("s", "h"), "ص": ("s",), "ض": ("d", "z"),
    "ط": ("t",), "ظ": ("z",), "غ": ("g",), "ف": ("f",), "ڤ": ("v",), "ق": ("k", "g"),
    "ک": ("k",), "گ": ("g",), "ګ": ("g",), "ل": ("l",), "ڵ": ("l",), "م": ("m",), "ن": ("n",),
    "ں": ("n",), "ڼ": ("n",), "ڕ": ("r",), "ه": ("h",), "ھ": ("",), "و": ("", "v"), "ي": ("",),
    "ا": ("",), "ع": ("",), "ځ": ("j",), "څ": ("c",),
}  # fmt: skip
_LATIN_SOUNDS: Mapping[str, tuple[str, ...]] = {
    "sch": ("s",), "sht": ("st",), "tch": ("c",), "dzh": ("j",), "kh": ("h",), "gh": ("g",),
    "sh": ("s",), "ch": ("c", "s"), "th": ("t", "s"), "dh": ("d", "z"), "ph": ("f",),
    "bh": ("b",), "rh": ("r",), "zh": ("z",), "xh": ("j",), "dz": ("j",), "dj": ("j",),
    "gj": ("j",), "kj": ("k", "c"), "ts": ("c",), "tz": ("c",), "ck": ("k",), "lj": ("l",),
    "nj": ("n", "nj"), "qu": ("k",), "q": ("k",), "x": ("j", "ks"), "w": ("", "v"),
    "y": ("",), "j": ("", "j"), "a": ("",), "e": ("",), "i": ("",), "o": ("",), "u": ("",),
}  # fmt: skip
_LATIN_PATTERN = re.compile("|".join([*sorted(_LATIN_SOUNDS, key=len, reverse=True), "."]))


def _skeletons(word: str) -> set[str]:
    """Consonant skeletons of one plain word, at most `MAX_VARIANTS`.

    >>> _skeletons("muhammad") == _skeletons("محمد") == {"mhmd"}
    True
    """
    sounds = _arabic_sounds(word) if scripts.detect(word) == "Arab" else _latin_sounds(word)
    found: set[str] = set()
    for choice in product(*sounds):
        skeleton = re.sub(r"(.)\1+", r"\1", "".join(choice))
        if len(skeleton) > 2 and skeleton.endswith("h"):
            skeleton = skeleton[:-1]
        if len(skeleton) > 1:
            found.add(skeleton)
        if len(found) >= MAX_VARIANTS:
            break
    return found


def _arabic_sounds(word: str) -> list[tuple[str, ...]]:
    first = {"ا": ("a",), "ع": ("a",), "و": ("v", "a"), "ي": ("y",)}.get(word[:1])
    rest = word[1:] if first else word
    # أو and اي at the start are one vowel.
    return ([first] if first else []) + [_ARABIC_CONSONANTS.get(c, (c,)) for c in rest]


def _latin_sounds(word: str) -> list[tuple[str, ...]]:
    first: tuple[str, ...] | None = None
    rest = word
    if word[:1] in set("aeiou"):
        first, rest = ("a",), word.lstrip("aeiou")
    elif word[:1] == "y":
        first, rest = ("y",), word[1:]
    elif word[:1] == "j":
        first, rest = ("j", "y"), word[1:]
    elif word[:1] in set("wv"):
        first, rest = ("v",), word[1:]
    sounds = [first] if first else []
    for match in _LATIN_PATTERN.finditer(rest):
        sound = _LATIN_SOUNDS.get(match[0], (match[0],))
        if match[0] == "c" and rest[match.end() : match.end() + 1] in set("aeiou"):
            # Turkish writes c for the j of Jamal, Bosnian and Macedonian do not.
            sound = ("c", "j")
        sounds.append(sound)
    return sounds


# --- Tokens ------------------------------------------------------------------------------------


def _written(name: PersonName | str) -> str:
    return name.written if isinstance(name, PersonName) else name


def _spellings(word: str, *, servants: bool = True) -> set[str]:
    """The word, without special letters (đ as dj and as d), without an article or 'servant'."""
    found = {word}
    if "dj" in word:
        found.add(word.replace("dj", "d"))
    if servants and word.startswith("abd") and len(word) > 6:
        found.add(word[3:])
    if servants and word.startswith("عبد") and len(word) > 5:
        found.add(word[3:])
    if re.match("[ae]l[^aeiou]", word) and len(word) > 5:
        found.add(word[2:])
    return found


def word_tokens(word: str) -> set[str]:
    """All tokens of one plain word: its spellings, their beginnings, skeletons."""
    tokens: set[str] = set()
    for spelling in _spellings(word):
        tokens.add(f"w:{spelling}")
        tokens.update(f"p:{spelling[:n]}" for n in PREFIXES if n <= len(spelling))
        tokens.update(f"k:{skeleton}" for skeleton in _skeletons(spelling))
    return tokens


def search_tokens(
    name: PersonName | str, of_word: Callable[[str], set[str]] = word_tokens
) -> set[str]:
    """All tokens under which a name is filed. `of_word` may remember what it gave, for a load."""
    return {token for word in _words(_written(name)) for token in of_word(word)}


def query_tokens(text: str) -> list[set[str]]:
    """For each word of a query, the tokens of which a person must hold at least one.

    >>> [sorted(tokens) for tokens in query_tokens("Хаџ")]
    [['k:hj', 'p:hadz', 'w:hadz']]
    """
    wanted = []
    for word in _words(text):
        tokens: set[str] = set()
        for spelling in _spellings(word, servants=False):
            tokens.add(f"w:{spelling}")
            if len(spelling) in PREFIXES:
                tokens.add(f"p:{spelling}")
            tokens.update(f"k:{skeleton}" for skeleton in _skeletons(spelling))
        wanted.append(tokens)
    return wanted


def meet(left: PersonName | str, right: PersonName | str) -> bool:
    """Whether a search for all words of `left` finds `right`."""
    filed = search_tokens(right)
    wanted = query_tokens(_written(left))
    return bool(wanted) and all(tokens & filed for tokens in wanted)


def best_first(names: Sequence[PersonName]) -> list[PersonName]:
    """Own names before documents' and aliases, otherwise as recorded."""
    rank = list(Usage)
    return sorted(names, key=lambda name: rank.index(name.usage))


_DIGITS = re.compile(r"\d")


def phone_digits(text: str) -> str:
    """The ASCII digits of a phone number, whatever digits it is written in.

    >>> phone_digits("+٣٨٢ (0)67 123-456")
    '382067123456'
    """
    return "".join(str(unicodedata.digit(c)) for c in text if _DIGITS.match(c))


def phone_tokens(text: str) -> set[str]:
    """Tokens of a phone number: its last 7, 8 and 9 digits without a leading zero.

    Empty for what is too short to be one. Numbers meet with and without country code; two numbers
    that agree in seven digits meet as well, which a worker sees at once.
    """
    digits = phone_digits(text).lstrip("0")
    return {f"t:{digits[-n:]}" for n in (7, 8, 9) if len(digits) >= n}
