# SPDX-License-Identifier: EUPL-1.2
"""Languages bear the names their speakers give them."""

import pytest
from babel import Locale

from mostovi.people import words


@pytest.mark.parametrize("code", sorted(set(words.FIRST_LANGUAGES) - {"prs", "zgh", "rom"}))
def test_a_language_is_called_as_the_cldr_has_it(code: str) -> None:
    assert words._OWN_NAMES[code] == Locale.parse(code).get_display_name(code)


def test_listing_languages_loads_no_locale_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    parse = Locale.parse

    def seen(identifier: str) -> Locale:
        asked.append(identifier)
        return parse(identifier)

    monkeypatch.setattr(words.Locale, "parse", seen)
    words._language.cache_clear()
    assert ("so", "Somali (Soomaali)") in words.language_choices()
    assert set(asked) <= {"en", "en_US"}
