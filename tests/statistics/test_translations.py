# SPDX-License-Identifier: EUPL-1.2
"""What tables say is there in all six languages, with its review, and falls back to English."""

import re

import pytest
import yaml

from mostovi.statistics.catalogue import code_lists, spec_sets, template
from mostovi.statistics.translations import FOLDER, in_all, languages, merged, reviewed, said
from mostovi.statistics.writing.sdmx import CONCEPTS, CONFIDENTIAL, FREQUENCY_WORDS, STATUS
from mostovi.statistics.writing.workbooks import EVIDENCE

SIX = {"en", "sq", "bs", "sr", "mk", "ar"}
GAP = re.compile(r"%\(\w+\)s")


def texts():
    for dimension in code_lists().values():
        yield dimension.label
        yield from (code.label for code in dimension.codes)
    for one in spec_sets().values():
        yield one.title
        yield from one.notes
        for spec in one.specs:
            yield from (spec.title, spec.definition, *spec.footnotes)
    yield from (in_all(table.counts) for table in template().tables)
    for words in (CONCEPTS, CONFIDENTIAL, FREQUENCY_WORDS, STATUS, EVIDENCE):
        yield from (in_all(text) for text in words.values())


def test_every_text_of_every_table_is_there_in_six_languages():
    assert set(languages()) == SIX
    assert sorted({text["en"] for text in texts() if set(text) < SIX}) == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_file_of_words_says_who_must_review_it_and_keeps_gaps(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["language"] == path.stem and content["source"] and content["version"]
    assert content["review"]["status"] == "unreviewed" and content["review"]["who_can"]
    assert not reviewed(path.stem)
    script = {"sr": r"[a-zšđčćž]{4,}", "mk": r"[a-zšđčćž]{4,}", "ar": r"[a-z]{4,}"}.get(path.stem)
    for english, words in content["texts"].items():
        assert set(GAP.findall(english)) == set(GAP.findall(words)), english
        if script:
            plain = re.sub(r"%\(\w+\)s|`[^`]*`|eu_\w+", "", words)
            assert not re.findall(script, plain), words


def test_a_text_without_translation_is_english_and_own_words_win():
    assert in_all("Nobody wrote this") == {"en": "Nobody wrote this"}
    assert merged({"en": "Sea", "sr": "своје"})["sr"] == "своје"
    assert merged({"en": "Sea", "sr": "своје"})["mk"] == "Морска"


def test_a_gap_is_filled_in_its_own_language():
    found = said("%(label)s (code)", label=in_all("Sea"))
    assert found["sr"] == "Морска (шифра)" and found["en"] == "Sea (code)"
    assert said("Protection: %(words)s", words="a")["ar"] == "الحماية: a"
