# SPDX-License-Identifier: EUPL-1.2
"""The words that people read: nothing is missing in any language, and gaps are filled alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest
import yaml

from mostovi.content import CONTENT
from mostovi.pathways import texts

LAW = CONTENT / "law"


def _read(name: str) -> dict:
    return yaml.safe_load((LAW / name).read_text(encoding="utf-8"))


def _needed() -> Iterator[str]:
    facts, ways = _read("facts.yaml"), _read("pathways.yaml")["pathways"]
    for code, fact in facts["facts"].items():
        yield from (f"fact.{code}.question", f"fact.{code}.short")
        yield from (f"fact.{code}.choice.{choice}" for choice in fact.get("choices", ()))
        yield from (f"unit.{fact[key]}" for key in ("unit",) if key in fact)
        yield from (f"date.{fact[key]}" for key in ("from_date",) if key in fact)
        if "danger" in fact:
            yield from (f"danger.{fact['danger']}.{part}" for part in ("title", "text", "ask"))
    yield from (f"group.{code}" for code in facts["groups"])
    yield from (f"conflict.{conflict['code']}" for conflict in facts["conflicts"])
    for code, way in ways.items():
        yield from (f"pathway.{code}.title", f"pathway.{code}.about", f"group.{way['group']}")
    listed = _read("documents.yaml")
    for kind in ("documents", "rights", "fees", "deadlines"):
        yield from (f"{kind[:-1]}.{code}" for code in listed[kind])
    yield from (f"topic.{code}" for code in _read("topics.yaml")["topics"])


def test_every_code_of_the_law_files_has_words():
    assert sorted(set(_needed()) - set(texts.texts("en"))) == []


@pytest.mark.parametrize("language", texts.languages())
def test_a_language_has_what_the_source_has_with_the_same_gaps(language):
    assert texts.problems(language) == ()


@pytest.mark.parametrize("language", texts.languages())
def test_a_language_names_its_source_and_who_checked_it(language):
    document = _read(f"texts/{language}.yaml")
    assert document["language"] == language
    assert document["source"] and document["version"]
    assert document["review"]["status"] in {"unreviewed", "reviewed"}
    assert language in texts.NAMES


@pytest.mark.parametrize("language", [code for code in texts.languages() if code != "en"])
def test_a_translation_is_not_the_english_text_again(language):
    own, source = texts.texts(language), texts.texts("en")
    long = [code for code in source if len(source[code]) > 25 and code in own]
    same = [code for code in long if own[code] == source[code]]
    assert len(same) <= 5, same


@pytest.mark.parametrize("language", texts.languages())
def test_texts_are_clean_characters(language):
    for code, text in texts.texts(language).items():
        assert text == unicodedata.normalize("NFC", text).strip(), code
        assert not re.search(r"[<>]|\t|\u200e|\u200f|\u202a-\u202e", text), code


@pytest.mark.parametrize("language", texts.languages())
def test_no_person_is_called_illegal(language):
    found = {code for code, text in texts.texts(language).items() if "illegal" in text.casefold()}
    assert found == set()


def test_english_is_plain():
    """Short sentences: at most 30 words each, and 20 in the middle of ten."""
    for code, text in texts.texts("en").items():
        if code in {"ui.kosovo_note"}:
            continue
        for sentence in re.split(r"[.!?]\s", text):
            assert len(sentence.split()) <= 32, (code, sentence)


def test_a_text_that_is_missing_is_answered_in_english_and_says_so():
    said = texts.say("ui.next", "xx")
    assert (said.text, said.language, said.direction) == ("Next", "en", "ltr")
    assert texts.direction("ckb") == texts.direction("ar-SY") == "rtl"


def test_the_languages_are_offered_by_their_own_names():
    assert next(iter(texts.offered().items())) == ("en", "English")
    assert len(texts.NAMES) == 18
