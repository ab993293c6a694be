# SPDX-License-Identifier: EUPL-1.2
"""The words for the codes of law packs (`content/law/texts/<language>.yaml`), in many languages.

English is the source. A language whose file is missing, or misses a text, is answered in English,
and the answer says in which language it is. `problems` compares a language with the source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from mostovi.content import CONTENT

SOURCE = "en"
NAMES: Mapping[str, str] = {
    "en": "English",
    "sq": "Shqip",
    "bs": "Bosanski / hrvatski / crnogorski",
    "sr": "Српски",
    "mk": "Македонски",
    "ar": "العربية",
    "fa": "فارسی",
    "ps": "پښتو",
    "ur": "اردو",
    "bn": "বাংলা",
    "tr": "Türkçe",
    "fr": "Français",
    "so": "Soomaali",
    "ti": "ትግርኛ",
    "ckb": "کوردیی ناوەندی",
    "kmr": "Kurdî (Kurmancî)",
    "uk": "Українська",
    "ru": "Русский",
}
"""The languages of the self-check by their own names, in the order in which they are offered."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "ps", "ur", "ckb"})
_GAP = re.compile(r"\{([a-z_]+)\}")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Said:
    """A text and the language it is in."""

    text: str
    language: str

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return direction(self.language)


def direction(language: str) -> str:
    """In which direction a language is written: `rtl` or `ltr`."""
    return "rtl" if language.split("-", 1)[0] in RIGHT_TO_LEFT else "ltr"


@cache
def languages() -> tuple[str, ...]:
    """Languages that have a file, English first."""
    found = sorted(path.stem for path in (CONTENT / "law" / "texts").glob("*.yaml"))
    return (SOURCE, *(code for code in found if code != SOURCE))


def offered() -> Mapping[str, str]:
    """The languages a person can choose, by their own names: those that have a file."""
    found = languages()
    return {code: name for code, name in NAMES.items() if code in found}


@cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of one language by code; empty when nobody has translated yet."""
    document = _document(language)
    return {str(code): str(text) for code, text in (document.get("texts") or {}).items() if text}


@cache
def is_reviewed(language: str) -> bool:
    """Whether somebody who speaks the language has checked its texts."""
    review = _document(language).get("review") or {}
    return bool(review.get("status") == "reviewed")


def say(code: str, language: str, **gaps: object) -> Said:
    """The text for `code`; in English when the language has none, the code itself as a last resort.

    A region of a language (`sr-latn`) is answered by the language. gaps: what stands in the text's
    `{placeholders}`.
    """
    for one in (language, language.split("-", 1)[0], SOURCE):
        if code in texts(one):
            return Said(_filled(texts(one)[code], gaps), one)
    return Said(_spelled(code), SOURCE)


def _filled(text: str, gaps: Mapping[str, object]) -> str:
    for name, value in gaps.items():
        gap, filled = "{" + name + "}", str(value)
        # A date of some languages ends with a full stop: it ends the sentence, too.
        if filled.endswith("."):
            text = text.replace(f"{gap}.", filled)
        text = text.replace(gap, filled)
    return text


def day_words(day: date, language: str) -> str:
    """A date in full, in the Gregorian calendar, as the language writes it."""
    return str(format_date(day, "long", locale=locale_of(language)))


@lru_cache(maxsize=32)
def locale_of(language: str) -> Locale:
    """How the language writes dates and names; English when nobody has described it."""
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return Locale.parse(SOURCE)


def problems(language: str) -> tuple[str, ...]:
    """What a language lacks, has too much, or fills in differently from the source, in words."""
    own, source = texts(language), texts(SOURCE)
    missing = [f"missing: {code}" for code in source if code not in own]
    extra = [f"not in the source: {code}" for code in own if code not in source]
    gaps = [
        f"other placeholders than the source: {code}"
        for code in own
        if code in source and _gaps(own[code]) != _gaps(source[code])
    ]
    return (*missing, *extra, *gaps)


def _gaps(text: str) -> Counter[str]:
    return Counter(_GAP.findall(text))


def _spelled(code: str) -> str:
    """A code as words: `fact.job_offer.short` is 'Job offer'."""
    parts = [part for part in code.split(".") if part not in {"short", "title", "choice"}]
    return parts[-1].replace("_", " ").capitalize() if parts else code


def _document(language: str) -> Mapping[str, Any]:
    path = CONTENT / "law" / "texts" / f"{language}.yaml"
    if not language.replace("-", "").isalnum() or not path.is_file():
        return {}
    found = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506  (a safe loader)
    return found if isinstance(found, Mapping) else {}
