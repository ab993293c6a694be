# SPDX-License-Identifier: EUPL-1.2
"""Texts of the interface are collected without gettext programs, and come back translated."""

from __future__ import annotations

import gettext
import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "script/messages"

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext
def page(n):
    # Translators: a verb
    _("Open")
    ngettext("%(count)d letter", "%(count)d letters", n)
    pgettext("day of the month", "May")
    _("Two lines "
      "as one")
"""
PAGE = """
{% load i18n %}{% translate "Save" %}
{% blocktranslate trimmed with name=case.code %}
  Case {{ name }}
  is closed.
{% endblocktranslate %}
{% blocktranslate trimmed count n=total %}
  {{ n }} case{% plural %}{{ n }} cases
{% endblocktranslate %}
"""


@pytest.fixture
def messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, looking at a small source tree."""
    loader = importlib.machinery.SourceFileLoader("messages_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader("messages_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(module, "languages", lambda: ["sr"])
    monkeypatch.setattr(module, "content_words", lambda: [("a.json", "Words of a letter")])
    templates = tmp_path / "mostovi/cases/templates/cases"
    templates.mkdir(parents=True)
    (templates / "case.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "mostovi/cases/views.py").write_text(PYTHON, encoding="utf-8")
    return module


def test_every_kind_of_text_is_found(messages: ModuleType) -> None:
    found = {(m.context, m.id) for m in messages.collect() if m.id}
    assert found == {
        (None, "Open"),
        (None, ("%(count)d letter", "%(count)d letters")),
        ("day of the month", "May"),
        (None, "Two lines as one"),
        (None, "Save"),
        (None, "Words of a letter"),
        (None, "Case %(name)s is closed."),
        (None, ("%(n)s case", "%(n)s cases")),
    }


def test_a_missing_text_is_reported_collected_and_translated(
    messages: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert messages.check() == 1
    assert "sr: 8 texts missing" in capsys.readouterr().err
    assert messages.update() == 0
    assert messages.check() == 0
    path = messages.LOCALE / "sr/LC_MESSAGES/django.po"
    text = path.read_text(encoding="utf-8")
    assert "nplurals=3" in text
    path.write_text(
        text.replace('msgid "Save"\nmsgstr ""', 'msgid "Save"\nmsgstr "Сачувај"'), encoding="utf-8"
    )
    assert messages.compile_catalogues() == 0
    with path.with_suffix(".mo").open("rb") as file:
        translations = gettext.GNUTranslations(file)
    assert translations.gettext("Save") == "Сачувај"
    assert translations.gettext("Open") == "Open"


def test_a_text_that_went_away_leaves_the_catalogue_and_the_others_stay(
    messages: ModuleType,
) -> None:
    messages.update()
    path = messages.LOCALE / "sr/LC_MESSAGES/django.po"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('msgid "Save"\nmsgstr ""', 'msgid "Save"\nmsgstr "Сачувај"'), encoding="utf-8"
    )
    (messages.ROOT / "mostovi/cases/views.py").write_text("", encoding="utf-8")
    assert messages.check() == 1
    messages.update()
    assert messages.check() == 0
    assert "Сачувај" in path.read_text(encoding="utf-8")
    assert '"May"' not in path.read_text(encoding="utf-8")
