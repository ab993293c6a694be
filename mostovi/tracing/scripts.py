# SPDX-License-Identifier: EUPL-1.2
"""Makes a written name readable: unifies characters, repairs mixed scripts, or says what is wrong.

A registrar copies names from paper, chats and other systems. What arrives carries invisible
characters, letters of a neighbouring keyboard, presentation forms and look-alikes from another
script. Each repair is reported, so that a worker can see what was read; a word that cannot be
read for sure is refused rather than guessed.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mostovi.people import scripts as known_scripts

LONGEST: Final = 300
"""Characters; a longer text is not one person's name."""


class Repair(StrEnum):
    """What was changed while reading."""

    INVISIBLE = "invisible_characters_removed"
    FORMS = "letter_forms_unified"
    STRETCHED = "stretched_letters_shortened"
    LOOK_ALIKE = "look_alike_letters_replaced"
    DIGITS_READ = "digits_read_as_letters"
    DIGITS = "digits_left_out"
    SEVERAL_SCRIPTS = "words_in_several_scripts"


class UnreadableName(ValueError):
    """The text cannot be read as a name. `code` is stable, the message says what is wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Word:
    """One word in one script (ISO 15924 code), in lower case, composed (NFC)."""

    text: str
    script: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A readable name: its words, its main script, and what was repaired on the way."""

    words: tuple[Word, ...]
    script: str
    repairs: tuple[Repair, ...] = ()

    @property
    def text(self) -> str:
        """The words as they were read."""
        return " ".join(word.text for word in self.words)


# Latin letter -> the Cyrillic letter that looks like it, in lower case (Unicode confusables,
# https://www.unicode.org/Public/security/latest/confusables.txt, the pairs met on keyboards).
_LATIN_TO_CYRILLIC: Final[Mapping[str, str]] = {
    "a": "а", "b": "ь", "c": "с", "e": "е", "h": "н", "i": "і", "j": "ј", "k": "к", "m": "м",
    "o": "о", "p": "р", "s": "ѕ", "t": "т", "x": "х", "y": "у", "ë": "ё", "ï": "ї", "g": "ԍ",
}  # fmt: skip
# In capitals other letters look alike: B is В, H is Н, K is К, M is М, T is Т, P is Р, C is С.
_LATIN_CAPITALS: Final[Mapping[str, str]] = {"b": "в", "h": "н", "p": "р", "c": "с", "y": "у"}
_CYRILLIC_TO_LATIN: Final[Mapping[str, str]] = {
    "а": "a", "с": "c", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "м": "m", "о": "o",
    "р": "p", "ѕ": "s", "т": "t", "х": "x", "у": "y", "в": "b", "н": "h", "ё": "ë", "ї": "ï",
    "ԁ": "d", "ԛ": "q", "ԝ": "w",
}  # fmt: skip
_GREEK_TO_LATIN: Final[Mapping[str, str]] = {
    "α": "a", "β": "b", "ε": "e", "ζ": "z", "η": "h", "ι": "i", "κ": "k", "μ": "m", "ν": "v",
    "ο": "o", "ρ": "p", "τ": "t", "υ": "y", "χ": "x",
}  # fmt: skip
_LATIN_TO_GREEK: Final[Mapping[str, str]] = {
    "a": "α", "b": "β", "e": "ε", "z": "ζ", "h": "η", "i": "ι", "k": "κ", "m": "μ", "n": "ν",
    "o": "ο", "p": "ρ", "t": "τ", "y": "υ", "x": "χ", "v": "ν",
}  # fmt: skip
_LOOK_ALIKES: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("Latn", "Cyrl"): {**_LATIN_TO_CYRILLIC, **_LATIN_CAPITALS},
    ("Cyrl", "Latn"): _CYRILLIC_TO_LATIN,
    ("Grek", "Latn"): _GREEK_TO_LATIN,
    ("Latn", "Grek"): _LATIN_TO_GREEK,
}
# One letter that several keyboards write differently; Persian and Urdu forms lead.
_ARABIC_LETTERS: Final = str.maketrans({
    "ك": "ک", "ڪ": "ک", "ي": "ی", "ې": "ی", "ۍ": "ی", "ے": "ی", "ێ": "ی", "ئ": "ی",
    "ۓ": "ی", "ہ": "ه", "ە": "ه", "ۀ": "ه", "ۂ": "ه", "ة": "ه", "ۃ": "ه",
    "ٱ": "ا", "ؤ": "و", "ۆ": "و", "ۇ": "و", "ۈ": "و", "ۋ": "و", "ګ": "گ", "ڕ": "ر",
    "ړ": "ر", "ڑ": "ر", "ڼ": "ن", "ں": "ن", "ټ": "ت", "ٹ": "ت", "ډ": "د", "ڈ": "د", "ڵ": "ل",
})  # fmt: skip
# Numerals that people use for Arabic letters when they write with a Latin keyboard.
_CHAT_DIGITS: Final[Mapping[str, str]] = {
    "2": "",
    "3": "a",
    "5": "kh",
    "7": "h",
    "8": "gh",
    "9": "q",
}
_APOSTROPHES: Final = re.compile("[`'´ʹʻʼʽʾʿ‘’′ˈ]")
_BREAKS: Final = re.compile(r"[\s\-‐‑‒–—_.,;:/\\|()\[\]{}<>\"“”„«»·•*+=!?#@&،؛۔።፡/]+")
_TATWEEL: Final = "ـ"


@functools.lru_cache(maxsize=65_536)
def clean(text: str) -> Cleaned:
    """The words of a written name.

    Raises `UnreadableName` for a name without letters, one that is too long, and a word whose
    scripts cannot be told apart.

    >>> clean("Мaрко").text, clean("Мaрко").repairs[0].value
    ('марко', 'look_alike_letters_replaced')
    """
    if len(text) > LONGEST:
        raise UnreadableName("too_long", f"The name is longer than {LONGEST} characters.")
    repairs: list[Repair] = []
    unified = unicodedata.normalize("NFKC", text)
    if unified != unicodedata.normalize("NFC", text):
        repairs.append(Repair.FORMS)
    visible = unified
    if not unified.isprintable():
        hidden = {"Cf", "Cc", "Co", "Cn"}
        visible = "".join(
            c for c in unified if unicodedata.category(c) not in hidden or c in "\t\n"
        )
    if visible != unified:
        repairs.append(Repair.INVISIBLE)
    if _TATWEEL in visible:
        visible = visible.replace(_TATWEEL, "")
        repairs.append(Repair.STRETCHED)
    words: list[Word] = []
    pieces = _BREAKS.split(_APOSTROPHES.sub("", visible))
    # A word that could be read in either script is read in that of the words beside it.
    beside = {found[0] for raw in pieces if len(found := _scripts_in(raw)) == 1}
    for raw in pieces:
        if len(_scripts_in(raw)) > 1:
            word, repaired = _read_word(raw, frozenset(beside))
        else:
            word, repaired = _read_word(raw)
        repairs += repaired
        if word is not None:
            words.append(word)
    if not words:
        raise UnreadableName(
            "no_letters",
            "The name is empty." if not text.strip() else "The name has no letters.",
        )
    used = [word.script for word in words]
    if len(set(used)) > 1:
        repairs.append(Repair.SEVERAL_SCRIPTS)
    main = max(set(used), key=lambda s: (sum(len(w.text) for w in words if w.script == s), s))
    return Cleaned(tuple(words), main, tuple(dict.fromkeys(repairs)))


@functools.lru_cache(maxsize=131_072)
def _scripts_in(raw: str) -> tuple[str, ...]:
    return tuple(known_scripts.scripts_in(raw))


@functools.lru_cache(maxsize=131_072)
def _read_word(
    raw: str, beside: frozenset[str] = frozenset()
) -> tuple[Word | None, tuple[Repair, ...]]:
    """The word, and what was repaired. `beside` are the scripts of the words around it."""
    repairs: list[Repair] = []
    return _word(raw, beside, repairs), tuple(repairs)


def _word(raw: str, beside: frozenset[str], repairs: list[Repair]) -> Word | None:
    kept = "".join(c for c in raw if unicodedata.category(c)[0] in "LMN")
    letters = [c for c in kept if unicodedata.category(c).startswith("L")]
    if not letters:
        if any(unicodedata.category(c).startswith("N") for c in kept):
            repairs.append(Repair.DIGITS)
        return None
    script = _script_of(kept, raw, beside)
    text = _without_digits(_lower(kept), script, repairs)
    if script[0] != script[1]:
        text = _replaced(text, script[0], script[1], raw)
        repairs.append(Repair.LOOK_ALIKE)
    final = script[1]
    if final == "Arab":
        plain = "".join(c for c in text if not unicodedata.category(c).startswith("M"))
        text = plain.translate(_ARABIC_LETTERS).replace("ء", "")
    return Word(text, final) if text else None


def _lower(text: str) -> str:
    # Turkish İ casefolds to i and a combining dot, which belongs to no name.
    return unicodedata.normalize("NFC", text.replace("İ", "i").lower())


def _script_of(kept: str, raw: str, beside: frozenset[str]) -> tuple[str, str]:
    """The script it is written in and the one it is to be read in. Both are equal for most."""
    found = known_scripts.scripts_in(kept)
    if not found:
        return ("Zyyy", "Zyyy")
    if len(found) == 1:
        return (found[0], found[0])
    if len(found) == 2:
        orders = [(found[1], found[0]), (found[0], found[1])]
        orders.sort(key=lambda order: order[1] not in beside)
        for wrong, right in orders:
            table = _LOOK_ALIKES.get((wrong, right))
            if table is None:
                continue
            strays = [c for c in kept.lower() if known_scripts.detect(c) == wrong]
            if all(c in table for c in strays):
                return (wrong, right)
    names = " and ".join(known_scripts.SCRIPTS.get(code, code) for code in found)
    rest = [c for c in kept if known_scripts.detect(c) == found[-1]]
    raise UnreadableName(
        "mixed_scripts",
        f"The word “{raw}” mixes {names} letters ({' '.join(dict.fromkeys(rest))}). "
        "Write each word in one script.",
    )


def _replaced(text: str, wrong: str, right: str, raw: str) -> str:
    table = dict(_LOOK_ALIKES[(wrong, right)])
    if (wrong, right) == ("Latn", "Cyrl") and raw != raw.upper():
        # In small letters b looks like ь and h like һ; only capitals mean в and н.
        table.update({"b": "в", "h": "н"})
    return "".join(table.get(c, c) if known_scripts.detect(c) == wrong else c for c in text)


def _without_digits(text: str, script: tuple[str, str], repairs: list[Repair]) -> str:
    if not any(unicodedata.category(c).startswith("N") for c in text):
        return text
    letters = "".join(c for c in text if not unicodedata.category(c).startswith("N"))
    inside = text.strip("0123456789")
    if script == ("Latn", "Latn") and (
        any(c in _CHAT_DIGITS for c in inside) or re.match("[2357](?=[a-z])", text)
    ):
        repairs.append(Repair.DIGITS_READ)
        return "".join(_CHAT_DIGITS.get(c, "") if c.isdigit() else c for c in text)
    repairs.append(Repair.DIGITS)
    return letters


@functools.lru_cache(maxsize=1)
def _to_latin() -> object:
    # ICU takes memory that an idle node does not have to spend.
    import icu

    return icu.Transliterator.createInstance("Any-Latin")


def romanised(text: str) -> str:
    """`text` in Latin letters by ICU's Any-Latin (CLDR rules); Latin text stays as it is.

    >>> romanised("ተስፋይ")
    'tasǝfāy'
    """
    if known_scripts.detect(text) == "Latn":
        return text
    return str(_to_latin().transliterate(text))  # type: ignore[attr-defined]
