# SPDX-License-Identifier: EUPL-1.2
"""R9: a changed, removed, reordered, cut or rewritten log is found; nothing personal gets in."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.rights import services
from mostovi.rights.access import Actor
from mostovi.rights.audit import (
    GENESIS,
    AuditTag,
    BreakKind,
    Entry,
    Head,
    PersonalDetail,
    chained_digest,
    verify,
)
from mostovi.rights.models import AuditEntry
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

OFFICER = Actor(uuid4(), Role.DATA_PROTECTION_OFFICER, Purpose.GOVERNANCE)


def chain(length: int, outcome: str = "done") -> list[Entry]:
    entries, previous = [], GENESIS
    for number in range(1, length + 1):
        fields = (number, "2026-11-24T10:00:00.000000+00:00", "rights.audit.read", str(uuid4()),
                  "administrator", "governance", f"h{number}", outcome, "{}")  # fmt: skip
        digest = chained_digest(previous, fields)
        entries.append(Entry(*fields, previous, digest))
        previous = digest
    return entries


@given(st.integers(0, 40))
def test_an_untouched_chain_is_whole(length):
    assert verify(chain(length)) == []


@given(st.integers(2, 30), st.data())
def test_a_changed_entry_is_found(length, data):
    entries = chain(length)
    at = data.draw(st.integers(0, length - 1))
    field = data.draw(
        st.sampled_from(["at", "tag", "actor", "role", "purpose", "handle", "outcome", "detail"])
    )
    entries[at] = replace(entries[at], **{field: getattr(entries[at], field) + "x"})
    assert BreakKind.CHANGED in {item.kind for item in verify(entries) if item.sequence == at + 1}


@given(st.integers(2, 30), st.data())
def test_an_entry_changed_together_with_its_hash_is_found_by_the_next(length, data):
    entries = chain(length)
    at = data.draw(st.integers(0, length - 2))
    altered = replace(entries[at], outcome="refused")
    entries[at] = replace(altered, digest=altered.computed_digest())
    assert any(item.sequence == at + 2 for item in verify(entries))


@given(st.integers(3, 30), st.data())
def test_a_removed_entry_is_found(length, data):
    entries = chain(length)
    at = data.draw(st.integers(0, length - 2))
    del entries[at]
    assert BreakKind.MISSING in {item.kind for item in verify(entries)}


@given(st.integers(3, 30), st.data())
def test_swapped_entries_are_found(length, data):
    entries = chain(length)
    at = data.draw(st.integers(0, length - 2))
    entries[at], entries[at + 1] = entries[at + 1], entries[at]
    assert {BreakKind.REORDERED, BreakKind.MISSING} & {item.kind for item in verify(entries)}


@given(st.integers(2, 30), st.data())
def test_a_cut_or_rewritten_chain_is_found_by_a_remembered_head(length, data):
    entries = chain(length)
    last = Head(length, entries[-1].digest)
    kept = data.draw(st.integers(0, length - 1))
    assert BreakKind.CUT_SHORT in {item.kind for item in verify(entries[:kept], [last])}
    rewritten = chain(length, outcome="refused")
    assert BreakKind.REWRITTEN in {item.kind for item in verify(rewritten, [last])}


@pytest.mark.parametrize("text", ["Amina Hadžić", "call +387 61 222 333", "born 1.1.2009\n"])
def test_free_text_cannot_enter_the_log(db, text):
    with pytest.raises(PersonalDetail):
        services.record(OFFICER, AuditTag.AUDIT_READ, detail={"note": text})
    assert not AuditEntry.objects.exists()


def test_stored_entries_chain_and_verify(db):
    services.record(OFFICER, AuditTag.AUDIT_READ)
    services.record_many(OFFICER, AuditTag.AUDIT_READ, handles=["a", "b", "c"])
    assert services.verify_chain() == (4, [])
    assert services.head().sequence == 4


def test_stored_entries_cannot_be_changed_through_the_product(db):
    entry = services.record(OFFICER, AuditTag.AUDIT_READ)
    stored = AuditEntry.objects.get(pk=entry.sequence)
    stored.outcome = "refused"
    with pytest.raises(TypeError):
        stored.save()
    with pytest.raises(TypeError):
        stored.delete()


def test_tampering_in_the_database_is_found(db):
    for _ in range(5):
        services.record(OFFICER, AuditTag.AUDIT_READ)
    AuditEntry.objects.filter(sequence=3).update(outcome="refused")
    _, breaks = services.verify_chain()
    assert [(item.kind, item.sequence) for item in breaks] == [(BreakKind.CHANGED, 3)]


def test_cutting_the_end_off_is_found_by_the_anchor(db):
    for _ in range(5):
        services.record(OFFICER, AuditTag.AUDIT_READ)
    services.anchor()
    AuditEntry.objects.filter(sequence__gte=4).delete()
    _, breaks = services.verify_chain()
    assert (BreakKind.CUT_SHORT, 5) in {(item.kind, item.sequence) for item in breaks}


def test_a_rolled_back_change_leaves_no_entry(db):
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        services.record(OFFICER, AuditTag.AUDIT_READ)
        raise RuntimeError
    assert not AuditEntry.objects.exists()
