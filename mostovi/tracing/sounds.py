# SPDX-License-Identifier: EUPL-1.2
"""The sound of a word of a name, the same whatever script it was written in.

A sound is a skeleton of consonant classes and, for the place after each consonant, the set of
vowels that may stand there. Arabic, Persian, Pashto and Urdu leave short vowels out, Ethiopic and
Bengali write one that is often not spoken, and clerks hear vowels differently: so vowels never
make two words different by themselves, they only say whether the words agree. Letters that
languages read differently (c, j, x, q, th; و and ض) give a second reading.

The classes, tuned to the languages met on the Western Balkan route:
A a vowel at the beginning · B b p · F f v w · H h kh x · J j dž đ ž y-at-the-beginning · K k g q gh
L l · M m · N n · R r · S s z ts and the th/dh of Arabic · T t d · X sh ch č ć
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mostovi.tracing.scripts import Word, romanised

SLOTS: Final = 10
"""Consonants kept of one word; what follows adds nothing that tells people apart."""
BITS: Final = 6
NONE, SHORT_A, SHORT_I, SHORT_U, LONG_I, LONG_U = (1 << place for place in range(BITS))
ANY: Final = (1 << BITS) - 1
HIDDEN: Final = NONE | SHORT_A | SHORT_I | SHORT_U
"""A place where Arabic script writes nothing: no vowel, or a short one."""
EACH_SLOT: Final = sum(1 << (BITS * place) for place in range(SLOTS))

_VOWELS: Final[Mapping[str, int]] = {
    "a": SHORT_A, "e": SHORT_A | SHORT_I | LONG_I, "i": SHORT_I | LONG_I,
    "o": SHORT_A | SHORT_U | LONG_U, "u": SHORT_U | LONG_U,
    "y": LONG_I, "w": LONG_U,
    "ü": SHORT_I | SHORT_U | LONG_I | LONG_U, "h": HIDDEN,
    "ə": NONE | SHORT_A | SHORT_I | SHORT_U,
    "é": NONE | SHORT_A | SHORT_I | LONG_I, "*": ANY, "ɔ": NONE | SHORT_A | SHORT_U | LONG_U,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sound:
    """How a word sounds.

    `token` is its skeleton, `other` the skeleton by the second reading (equal when there is
    none), `vowels` six bits for each consonant of `token` (which vowels may follow it).
    """

    token: str
    other: str
    vowels: int
    other_vowels: int = 0

    @property
    def coarse(self) -> str:
        """The skeleton with classes that clerks confuse made one.

        >>> Sound("XRX", "XRX", 0).coarse
        'SRS'
        """
        return coarse(self.token)


_COARSE: Final = str.maketrans("XJHF", "SSKB")


def coarse(token: str) -> str:
    """Hissing sounds as one, throat sounds as one, lip sounds as one."""
    return token.translate(_COARSE)


def vowels_disagree(left: int, right: int, length: int) -> int:
    """In how many places of a skeleton of `length` consonants no vowel suits both words.

    >>> vowels_disagree(sound_of("hasan").vowels, sound_of("husayn").vowels, 3)
    2
    """
    both = left & right
    either = both | both >> 1 | both >> 2 | both >> 3 | both >> 4 | both >> 5
    return min(length, SLOTS) - (either & EACH_SLOT).bit_count()


def sound_of(text: str, script: str = "Latn") -> Sound:
    """The sound of one word in lower case; an empty token for a word without any letter known."""
    return sound(Word(text, script))


@functools.lru_cache(maxsize=262_144)
def sound(word: Word) -> Sound:
    """The sound of a cleaned word."""
    if word.script == "Arab":
        first, second = _arabic(word.text, 0), _arabic(word.text, 1)
        doubled = True
    else:
        text = word.text
        if word.script == "Cyrl":
            phones = _CYRILLIC_PATTERN.sub(_cyrillic, text)
            first, second = phones, phones.translate(_CYRILLIC_OTHER)
            first = first.translate(_CYRILLIC_MAIN)
        else:
            if word.script != "Latn":
                text = _from_other_script(word)
            plain = _plain_latin(text)
            first, second = _latin(plain, 0), _latin(plain, 1)
        doubled = False
    token, vowels = _assembled(first, doubled)
    other, other_vowels = _assembled(second, doubled)
    return Sound(token, other or token, vowels, other_vowels)


def _assembled(phones: str, doubled: bool) -> tuple[str, int]:
    """Skeleton and vowels of phones: capitals are consonants, the rest vowels (`_VOWELS`)."""
    phones = re.sub(r"(?<=.)H(?=[h]*$)", "", phones)
    token: list[str] = []
    slots: list[int] = []
    for phone in phones:
        if phone.isupper():
            if not doubled and token and token[-1] == phone and slots[-1] == 0:
                continue
            token.append(phone)
            slots.append(0)
        elif not token:
            token.append("A")
            slots.append(_VOWELS.get(phone, ANY))
        else:
            slots[-1] |= _VOWELS.get(phone, ANY)
    mask = 0
    for place, slot in enumerate(slots[:SLOTS]):
        mask |= (slot or NONE) << (BITS * place)
    return "".join(token[:SLOTS]), mask


# --- Arabic script: Arabic, Persian, Dari, Pashto, Urdu, Kurdish ---------------------------------

_ARABIC: Final[Mapping[str, tuple[str, str]]] = {
    "ب": ("B", "B"), "پ": ("B", "B"), "ت": ("T", "T"), "ث": ("S", "T"), "ج": ("J", "J"),
    "چ": ("X", "X"), "ح": ("H", "H"), "خ": ("H", "H"), "د": ("T", "T"), "ذ": ("S", "T"),
    "ر": ("R", "R"), "ز": ("S", "S"), "ژ": ("J", "J"), "ږ": ("J", "K"), "س": ("S", "S"),
    "ش": ("X", "X"), "ښ": ("X", "H"), "ص": ("S", "S"), "ض": ("S", "T"), "ط": ("T", "T"),
    "ظ": ("S", "S"), "غ": ("K", "K"), "ف": ("F", "F"), "ڤ": ("F", "F"), "ق": ("K", "K"),
    "ک": ("K", "K"), "گ": ("K", "K"), "ل": ("L", "L"), "م": ("M", "M"), "ن": ("N", "N"),
    "ه": ("H", "H"), "ځ": ("J", "S"), "څ": ("S", "X"), "ھ": ("", ""), "ڭ": ("N", "N"),
}  # fmt: skip


_ALEFS: Final = str.maketrans("أإآ", "ااا")


def unified(text: str) -> str:
    """Arabic script with letters that writers exchange made one, for looking words up."""
    return text.translate(_ALEFS).replace("ى", "ی")


def _arabic(text: str, reading: int) -> str:
    phones: list[str] = []
    text = text.translate(_ALEFS).replace("تش", "چ").replace("تس", "س")
    # "of God" and "of the faith" are spoken with any vowel, and the l of the latter is silent.
    text = text[:1] + text[1:].replace("الله", "~له").replace("الدی", "~دی")
    last = len(text) - 1
    for place, letter in enumerate(text):
        before = text[place - 1] if place else ""
        after = text[place + 1] if place < last else ""
        if letter == "~":
            phones.append("*")
        elif letter in "اع":
            # At the beginning either may carry any short vowel.
            phones.append("*" if place == 0 else "a" if letter == "ا" else "h")
        elif letter == "و":
            phones.append(_waw(place, before, after, last, reading))
        elif letter in "یى":
            phones.append(_yeh(place, after, last))
        elif letter == "ه" and place == last and place > 0:
            phones.append("e" if last > 1 else "H")
        else:
            sounds = _ARABIC.get(letter)
            if sounds is not None and sounds[reading]:
                phones.append(sounds[reading])
                # A short vowel may follow, but none is spoken at the end of a word.
                if after and after not in "اوی":
                    phones.append("h")
    return "".join(phones)


def _yeh(place: int, after: str, last: int) -> str:
    """ی is a consonant at the beginning; at the end it may be the a of Musa and Mustafa."""
    if place == 0 and last > 0:
        return "J" if after in "اوی" else "Jh"
    return "e" if place == last else "i"


def _waw(place: int, before: str, after: str, last: int, reading: int) -> str:
    """و is a consonant at the beginning and between vowels, otherwise u or o."""
    if place == 0:
        return "F" if not after or after in "اویى" else "Fh"
    if not after:
        return "u"
    if after in "ایى" or (after == "ه" and place + 1 == last) or (before == "ا" and place > 1):
        return "u" if reading == 1 and before not in "اوی" else "F"
    if reading == 1 and before not in "اویع" and after not in "وع":
        return "Fh"
    return "u"


# --- Cyrillic -----------------------------------------------------------------------------------

_CYRILLIC: Final[Mapping[str, str]] = {
    "дж": "J", "дз": "S", "кс": "KS", "а": "a", "б": "B", "в": "F", "г": "G", "ґ": "K", "д": "T",
    "ђ": "J", "е": "e", "є": "e", "ж": "J", "з": "S", "и": "i", "і": "i", "ї": "i", "й": "i",
    "ј": "i", "к": "K", "л": "L", "љ": "L", "м": "M", "н": "N", "њ": "N", "о": "o", "п": "B",
    "р": "R", "с": "S", "т": "T", "ћ": "X", "ќ": "Q", "у": "u", "ў": "F", "ф": "F", "х": "H",
    "ц": "S", "ч": "X", "џ": "J", "ш": "X", "щ": "X", "ъ": "ə", "ы": "i", "ь": "", "э": "e",
    "ю": "u", "я": "a", "ё": "o", "ѓ": "D", "ѕ": "S", "қ": "K", "ғ": "K", "ҳ": "H", "ҷ": "J",
    "ң": "N", "ү": "ü", "ұ": "u", "ө": "ü", "ә": "e", "һ": "H", "ӯ": "u", "ӣ": "y",
}  # fmt: skip
_GLIDES: Final[Mapping[str, str]] = {
    "й": "J", "ј": "J", "ю": "Ju", "я": "Ja", "ё": "Jo", "є": "Je", "ї": "Ji",
}  # fmt: skip
_CYRILLIC_PATTERN: Final = re.compile(
    "|".join(["^[йјюяёєї]", "дж", "дз", "[аеэ][йј](?![аеиоу])", "."])
)
_CYRILLIC_MAIN: Final = str.maketrans({"G": "K", "Q": "X", "D": "J"})
_CYRILLIC_OTHER: Final = str.maketrans({"G": "H", "Q": "K", "D": "K"})


def _cyrillic(match: re.Match[str]) -> str:
    found = match[0]
    if match.start() == 0 and found in _GLIDES:
        return _GLIDES[found]
    if len(found) == 2 and found[1] in "йј" and found[0] in "аеэ":
        return "y"
    return _CYRILLIC.get(found, "")


# --- Latin --------------------------------------------------------------------------------------

_KEPT: Final = frozenset("čćçšşžđğıñöüśṣʒ")
_V: Final = "aeiouöüıyɔə"
_VOWEL_NEXT: Final = f"(?=[{_V}])"
# Pattern, first reading, second reading; the first that fits counts.
_LATIN_RULES: Final[Sequence[tuple[str, str, str]]] = (
    ("^y" + _VOWEL_NEXT, "J", "J"),
    ("^j", "J", "J"),
    ("^(?:ou|w|v)" + _VOWEL_NEXT, "F", "F"),
    ("^(?:cv)", "SF", "KF"),
    ("(?:t?sch|tch)", "X", "X"),
    ("(?:dzh|dj|dž|xh|zh)", "J", "J"),
    ("dz", "J", "S"),
    ("gj", "J", "K"),
    ("kj", "X", "K"),
    ("sh", "X", "X"),
    ("ch", "X", "K"),
    ("kh", "H", "K"),
    ("gh", "K", "K"),
    ("th", "T", "S"),
    ("dh", "T", "S"),
    ("ph", "F", "B"),
    ("bh", "B", "F"),
    ("rh", "R", "R"),
    ("t[sz]", "S", "S"),
    ("nj", "N", "NJ"),
    ("lj", "L", "LJ"),
    ("ck", "K", "K"),
    ("qu(?=[ei])", "K", "K"),
    ("c(?=[eiıyöü])", "S", "J"),
    ("(?<=i)c$", "X", "S"),
    ("(?<=i)c(?=[aeiou]$)", "S", "X"),
    ("c$", "X", "S"),
    ("c", "K", "J"),
    ("[čć]", "X", "X"),
    ("ç", "X", "S"),
    ("[šşśṣ]", "X", "X"),
    ("ž", "J", "J"),
    ("đ", "J", "T"),
    ("ğ", "K", ""),
    ("g(?=[eiy])", "K", "J"),
    ("q", "K", "X"),
    ("(?<=le)x", "KS", "H"),
    ("x", "H", "KS"),
    (f"(?<=[{_V}])ou" + _VOWEL_NEXT, "F", "F"),
    (f"(?<=[{_V}])o?w(?=[{_V}])", "F", "F"),
    ("w" + _VOWEL_NEXT, "F", "F"),
    ("w", "u", "F"),
    ("v", "F", "F"),
    (f"[ae][yj](?![{_V}])", "y", "y"),
    (f"[ae]i(?![{_V}])", "y", "i"),
    ("ee|ii|ie(?=[^aeiou])", "y", "i"),
    ("oo|ou|uu", "w", "u"),
    ("(?<=i)j(?=[aeu]m?$)", "i", "J"),
    (f"(?<=[{_V}])j(?=[^{_V}]|$)", "i", "J"),
    (f"(?<=[{_V}])j(?=[aeou]n?$)", "i", "J"),
    ("j", "J", "i"),
    ("ʒ", "J", "S"),
    ("y", "i", "i"),
    ("ı", "i", "i"),
    ("ɔ", "ɔ", "ɔ"),
    ("ə", "ə", "ə"),
    ("[öü]", "ü", "ü"),
    (f"(?<=[^{_V}])e$", "é", "é"),
    ("[aeiou]", "", ""),
    ("[bp]", "B", "B"),
    ("[dt]", "T", "T"),
    ("f", "F", "F"),
    ("[gk]", "K", "K"),
    ("h", "H", "H"),
    ("l", "L", "L"),
    ("m", "M", "M"),
    ("[nñ]", "N", "N"),
    ("r", "R", "R"),
    ("[sz]", "S", "S"),
)
_LATIN_PATTERN: Final = re.compile("|".join(f"({rule[0]})" for rule in _LATIN_RULES))
_LETTERS: Final = str.maketrans({
    "ß": "ss", "æ": "e", "ø": "ö", "ł": "l", "þ": "th", "ð": "dh", "ŋ": "ng", "ə": "ə", "ǝ": "ə",
    "œ": "e", "ǵ": "gj", "ḱ": "kj",
})  # fmt: skip


@functools.lru_cache(maxsize=262_144)
def _plain_latin(text: str) -> str:
    """Lower case without marks that do not change how a letter sounds."""
    written: list[str] = []
    for letter in unicodedata.normalize("NFC", text.lower()).translate(_LETTERS):
        if letter in _KEPT or letter in "ɔə" or letter.isascii():
            written.append(letter)
            continue
        plain = unicodedata.normalize("NFKD", letter)
        written.append("".join(c for c in plain if c.isascii()))
    return re.sub("[^a-zčćçšşžđğıñöüśṣʒɔə]", "", "".join(written))


def plain_latin(text: str) -> str:
    """A Latin word in lower case, marks that change the sound kept.

    >>> plain_latin("Gëzim"), plain_latin("Şükrü")
    ('gezim', 'şükrü')
    """
    return _plain_latin(text)


def _latin(plain: str, reading: int) -> str:
    def one(match: re.Match[str]) -> str:
        index = (match.lastindex or 1) - 1
        return _LATIN_RULES[index][1 + reading] or (match[0] if match[0] in "aeiou" else "")

    if reading == 1 and plain.endswith("ic"):
        # A name in -ić whose marks were left out: Ciric for Ćirić.
        plain = plain.replace("c", "č")
    return _LATIN_PATTERN.sub(one, plain)


# --- Other scripts, by way of ICU ---------------------------------------------------------------

_INDIC: Final = frozenset({"Beng", "Deva", "Guru", "Gujr", "Taml", "Sinh"})
_INDIC_LETTERS: Final = str.maketrans({
    "ā": "a", "ī": "i", "ū": "u", "ē": "e", "ō": "o", "ś": "š", "ṣ": "š", "ẏ": "i", "c": "č",
    "ṁ": "n", "ṅ": "n", "ḍ": "d", "ṭ": "t", "ṇ": "n", "v": "v",
})  # fmt: skip
_ETHIOPIC_LETTERS: Final = str.maketrans({
    "ǝ": "ə", "ə": "ə", "ā": "a", "a": "e", "ṣ": "s", "č": "č", "ḥ": "h", "ḫ": "h",
    "ʾ": "", "ʿ": "",
    "ṭ": "t", "q": "k", "ṗ": "p", "ñ": "n",
})  # fmt: skip


def _from_other_script(word: Word) -> str:
    text = unicodedata.normalize("NFC", romanised(word.text).lower())
    if word.script in _INDIC:
        if text.endswith("a") and unicodedata.category(word.text[-1]) == "Lo":
            text = text[:-1]
        text = unicodedata.normalize("NFC", text.replace("\u0310", "").replace("r̥", "ri"))
        # The vowel that every consonant carries may be spoken a, o or not at all.
        text = text.replace("chh", "č").replace("ch", "č").replace("a", "ɔ")
        if word.script == "Beng":
            # জ writes the z of Zahid and the j of Jasim.
            text = text.replace("j", "ʒ")
        return text.translate(_INDIC_LETTERS)
    if word.script == "Ethi":
        text = text.replace("k̠", "kh").replace("ḵ", "kh")
        return text.translate(_ETHIOPIC_LETTERS)
    if word.script == "Grek":
        return re.sub("^mp", "b", text.replace("ch", "h").replace("ph", "f").replace("th", "t"))
    return text


ALL_OPEN: Final = (1 << (BITS * SLOTS)) - 1
"""Vowels of a word of which any vowel suits."""


def without_slot(vowels: int, place: int) -> int:
    """`vowels` after the consonant at `place` was taken out."""
    below = vowels & ((1 << (BITS * place)) - 1)
    return below | (vowels >> (BITS * (place + 1))) << (BITS * place)
