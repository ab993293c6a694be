# SPDX-License-Identifier: EUPL-1.2
"""Scripts: which ones a text is in, and exact Serbian and Macedonian Cyrillic to Latin and back.

The Serbian pair is one-to-one but for the letters written nj, lj and dž in Latin, which are read
as one letter (as in Konjević, Ljiljana, Hadžić); names where they are two letters are rare and
are written with a hyphen or corrected by hand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# ISO 15924 codes by the first word of the character's Unicode name.
_CODES: Mapping[str, str] = {
    "LATIN": "Latn", "CYRILLIC": "Cyrl", "ARABIC": "Arab", "BENGALI": "Beng",
    "ETHIOPIC": "Ethi", "GREEK": "Grek", "GEORGIAN": "Geor", "ARMENIAN": "Armn",
    "DEVANAGARI": "Deva", "GURMUKHI": "Guru", "TAMIL": "Taml", "SINHALA": "Sinh",
    "HEBREW": "Hebr", "SYRIAC": "Syrc", "TIFINAGH": "Tfng", "CJK": "Hani", "HANGUL": "Hang",
    "THAI": "Thai", "MYANMAR": "Mymr", "THAANA": "Thaa", "NKO": "Nkoo",
}  # fmt: skip
SCRIPTS: Mapping[str, str] = {
    "Latn": "Latin", "Cyrl": "Cyrillic", "Arab": "Arabic, Persian, Pashto, Urdu, Kurdish",
    "Beng": "Bengali", "Ethi": "Ethiopic", "Grek": "Greek", "Geor": "Georgian",
    "Armn": "Armenian", "Deva": "Devanagari", "Guru": "Gurmukhi", "Taml": "Tamil",
    "Sinh": "Sinhala", "Hebr": "Hebrew", "Syrc": "Syriac", "Tfng": "Tifinagh",
    "Hani": "Chinese characters", "Hang": "Korean", "Thai": "Thai", "Mymr": "Burmese",
    "Thaa": "Thaana", "Nkoo": "N'Ko",
}  # fmt: skip
"""Scripts a name can be recorded in: ISO 15924 code and English name."""
UNDETERMINED = "Zyyy"
"""The ISO 15924 code for a script that is none of these."""
RIGHT_TO_LEFT = frozenset({"Arab", "Hebr", "Syrc", "Thaa", "Nkoo"})


def scripts_in(text: str) -> list[str]:
    """ISO 15924 codes of the letters in `text`, most frequent first; `Zyyy` letters left out."""
    counts: dict[str, int] = {}
    for character in text:
        if unicodedata.category(character).startswith("L"):
            word = unicodedata.name(character, "").split(" ")[0]
            code = _CODES.get(word)
            if code:
                counts[code] = counts.get(code, 0) + 1
    return sorted(counts, key=lambda code: -counts[code])


def detect(text: str) -> str:
    """The main script of `text`; `Zyyy` (undetermined) when it has no letters we know."""
    return next(iter(scripts_in(text)), UNDETERMINED)


def mixed_words(text: str) -> list[str]:
    """Words that mix scripts, as when a Latin `a` slipped into a Cyrillic name.

    >>> mixed_words("Хаџић Xаџић")
    ['Xаџић']
    """
    return [word for word in text.split() if len(scripts_in(word)) > 1]


def direction(script: str) -> str:
    """`rtl` or `ltr`, for the `dir` attribute."""
    return "rtl" if script in RIGHT_TO_LEFT else "ltr"


_SERBIAN = dict(
    zip(
        "абвгдђежзијклљмнњопрстћуфхцчџш",
        re.split(" ", "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"),
        strict=True,
    )
)
_MACEDONIAN = {**_SERBIAN, "ѓ": "ǵ", "ќ": "ḱ", "ѕ": "dz"}
_BACK = {latin: cyrillic for cyrillic, latin in _SERBIAN.items()}
_BACK_PATTERN = re.compile("|".join(sorted(_BACK, key=len, reverse=True)), re.IGNORECASE)


def to_latin(text: str) -> str:
    """Serbian and Macedonian Cyrillic in Latin; other characters stay.

    >>> to_latin("Љиљана ХАЏИЋ")
    'Ljiljana HADŽIĆ'
    """
    written = []
    for place, character in enumerate(text):
        latin = _MACEDONIAN.get(character.lower())
        if latin is None:
            written.append(character)
        elif character.islower():
            written.append(latin)
        else:
            around = text[place + 1 : place + 2] or text[max(0, place - 1) : place]
            written.append(latin.upper() if around.isupper() else latin.capitalize())
    return "".join(written)


def to_cyrillic(text: str) -> str:
    """Serbian Latin in Cyrillic; letters that Serbian does not have stay.

    >>> to_cyrillic("Konjević Džemal")
    'Коњевић Џемал'
    """

    def one(match: re.Match[str]) -> str:
        cyrillic = _BACK[match[0].lower()]
        return cyrillic.upper() if match[0][0].isupper() else cyrillic

    return _BACK_PATTERN.sub(one, unicodedata.normalize("NFC", text))
