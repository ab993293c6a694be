# SPDX-License-Identifier: EUPL-1.2
"""A kept figure shows each instance its own dates and anchor, in the reader's own language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.utils import translation

from mostovi.procedures import presentation, services
from mostovi.procedures.models import Instance
from mostovi.procedures.state import GateAnswer
from mostovi.procedures.templatetags import procedures as tags
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def sent(at: datetime) -> Instance:
    actor = Actor(uuid4(), Role.SOCIAL_WORKER, Purpose.PROTECTION)
    gates = {"consent_in_force": GateAnswer(True)}
    instance = services.start(actor, code="referral", side="sender", subject=uuid4(), at=at)
    for verb in ("record_consent", "send"):
        services.apply(actor, instance=instance, verb=verb, at=at, gates=gates)
    return instance


def shown(instance: Instance) -> str:
    text = "{% load procedures %}{% procedure_drawing instance %}"
    return Template(text).render(Context({"instance": instance}))


def drawn_afresh(instance: Instance) -> str:
    text = "{% include 'procedures/drawing.html' %}"
    values: dict[str, Any] = {"drawing": presentation.drawing_of_instance(instance)}
    return Template(text).render(Context({**values, "running": True})).strip()


@pytest.mark.parametrize("language", ["en", "sr", "ar"])
def test_a_kept_figure_is_what_would_be_drawn_afresh(language: str) -> None:
    tags._figures.clear()
    with translation.override(language):
        for days in (0, 3, 40):
            instance = sent(NOW - timedelta(days=days))
            assert shown(instance) == drawn_afresh(instance)
    assert len(tags._figures) == 1


def test_each_language_has_a_figure_of_its_own() -> None:
    instance = sent(NOW)
    with translation.override("ar"):
        arabic = shown(instance)
    with translation.override("en"):
        english = shown(instance)
    assert 'direction="rtl"' in arabic and 'direction="rtl"' not in english


def test_figures_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "_MOST_FIGURES", 2)
    tags._figures.clear()
    instance = sent(NOW)
    for language in ("en", "sr", "ar", "mk"):
        with translation.override(language):
            assert shown(instance) == drawn_afresh(instance)
    assert len(tags._figures) <= 2
