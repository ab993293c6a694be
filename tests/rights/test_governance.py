# SPDX-License-Identifier: EUPL-1.2
"""R1 and R10: every stored field has a purpose, every record an end."""

import pytest
from django.apps import apps

from mostovi.rights import retention
from mostovi.rights.governance import Governance, governance_of
from mostovi.rights.purposes import KEPT_OUT, SHIELDED, Purpose
from mostovi.rights.storage import Sealed

OURS = [model for model in apps.get_models() if model.__module__.startswith("mostovi.")]
PERSONAL = [m for m in OURS if (g := governance_of(m)) and g.personal]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_field_of_every_model_has_a_purpose_and_an_end(model):
    governance = governance_of(model)
    assert governance, f"{model._meta.label} declares no GOVERNANCE"
    assert governance.retention in retention.rules()
    names = {field.name for field in model._meta.get_fields()} | {
        field.attname for field in model._meta.concrete_fields
    }
    assert set(governance.fields) <= names
    for field in model._meta.concrete_fields:
        assert governance.of(field.name)


@pytest.mark.parametrize("model", PERSONAL, ids=lambda model: model._meta.label)
def test_what_is_held_for_protection_is_open_to_no_kept_out_purpose(model):
    governance = governance_of(model)
    for path in governance.row_purpose:
        # Each row names the one purpose it is open to; the services compare it (test_invariants).
        assert _at(model, path).max_length == 20
    if governance.row_purpose:
        return
    for field in model._meta.concrete_fields:
        purposes = governance.of(field.name)
        assert not (purposes & SHIELDED and purposes & KEPT_OUT), field.name


def _at(model, path):
    name, _, rest = path.partition("__")
    field = model._meta.get_field(name)
    return _at(field.related_model, rest) if rest else field


OF_PEERS = {
    ("exchange.OutboxLetter", "reason_text"),  # why a letter was refused, one sentence
    ("exchange.OutboxLetter", "receipt"),  # signed: ids, digests, a time, a code
    ("exchange.Attachment", "media_type"),
    ("exchange.Attachment", "kind"),
}
"""Columns whose codes and sentences the other node writes; they outlive the letter as proof."""


@pytest.mark.parametrize("model", PERSONAL, ids=lambda model: model._meta.label)
def test_no_open_column_could_hold_a_name_or_free_text(model):
    """Identity lives only in the sealed value: open text columns are short codes."""
    from django.db.models import TextField

    if not issubclass(model, Sealed):
        return
    for field in model._meta.concrete_fields:
        if (model._meta.label, field.name) in OF_PEERS:
            continue
        assert not isinstance(field, TextField), field.name
        assert (getattr(field, "max_length", None) or 0) <= 200, field.name


@pytest.mark.django_db
def test_the_months_counts_read_no_column_that_is_not_declared_for_counting(statements):
    """Joins by key aside; whatever else a count reads must name STATISTICS (R1)."""
    from mostovi.statistics import services
    from mostovi.statistics.months import Month

    sql = " ".join(statements(lambda: services.compute(Month(2026, 10))))
    read = [
        (model._meta.label, field.name)
        for model in PERSONAL
        for field in model._meta.concrete_fields
        if f'"{model._meta.db_table}"."{field.column}"' in sql
        and not (field.primary_key or field.is_relation or field.name == "submission_id")
    ]
    assert ("people.Person", "sex") in read
    models = {model._meta.label: model for model in PERSONAL}
    undeclared = [
        (label, name)
        for label, name in read
        if Purpose.STATISTICS not in governance_of(models[label]).of(name)
    ]
    assert undeclared == []


def test_a_field_cannot_be_wider_than_its_model():
    with pytest.raises(ValueError, match="more purposes"):
        Governance(
            purposes=frozenset({Purpose.PROTECTION}),
            retention="case",
            fields={"sex": frozenset({Purpose.RETURN})},
        )


def test_every_rule_with_an_end_is_carried_out():
    assert retention.uncarried() == []


@pytest.mark.parametrize(
    ("today", "months", "expected"),
    [
        ("2026-11-24", 6, "2026-05-24"),
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2026-01-15", 13, "2024-12-15"),
        ("2026-11-24", 60, "2021-11-24"),
    ],
)
def test_the_day_records_reach_their_end(today, months, expected):
    from dataclasses import replace
    from datetime import date

    rule = replace(retention.rules()["case"], months=months)
    assert retention.cutoff(rule, date.fromisoformat(today)) == date.fromisoformat(expected)
