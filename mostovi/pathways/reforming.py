# SPDX-License-Identifier: EUPL-1.2
"""Verbs on drafts of reforms: begin one from the law in force, save, put aside, take up again.

What is saved is never changed; a draft with faults is kept too, with the number of its faults, so
that nothing written is lost. A draft never reaches what a person is told.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from mostovi.pathways import law_files
from mostovi.pathways.models import Reform, ReformVersion
from mostovi.pathways.signed_text import digest_of
from mostovi.rights.access import Action, Actor, Kind, decide, require
from mostovi.rights.audit import AuditTag
from mostovi.rights.services import record
from mostovi.rights.vault import vault

LONGEST_TEXT = 100_000
"""Characters of a draft. The longest pack is a small part of it."""
_ATTEMPTS = 10
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class NothingInForce(LookupError):
    """There is no pack of that partner and kind to begin from."""


class ChangedMeanwhile(Exception):
    """Somebody saved the draft after it was opened; `newest` is what they saved."""

    def __init__(self, newest: ReformVersion) -> None:
        super().__init__(f"version {newest.number} was saved meanwhile")
        self.newest = newest


class PutAside(Exception):
    """The draft is put aside; take it up again before changing it."""


class TextRefused(ValueError):
    """The text is too long, or holds characters that are no text."""


def may_draft(actor: Actor) -> bool:
    """Whether `actor` may begin and change drafts."""
    return decide(actor, Action.CREATE, Kind.REFORM).allowed


def visible(actor: Actor) -> QuerySet[Reform]:
    """Every draft at this node."""
    require(actor, Action.READ, Kind.REFORM)
    return Reform.objects.all()


def drafts(actor: Actor) -> QuerySet[Reform]:
    """Every draft with how many versions it has, newest change first."""
    return visible(actor).annotate(count=Count("versions")).order_by("-changed_at", "code")


def find(actor: Actor, code: str) -> Reform:
    """The draft with `code`. Raises `Reform.DoesNotExist`."""
    return visible(actor).get(code=code)


def newest(reform: Reform) -> ReformVersion:
    """What the draft says now."""
    return reform.versions.select_related("reform").order_by("-number")[0]


def history(reform: Reform) -> QuerySet[ReformVersion]:
    """Every version without its text, newest first."""
    return reform.versions.defer("text").order_by("-number")


@transaction.atomic
def begin(
    actor: Actor,
    *,
    partner: str,
    pathway: str,
    title: str,
    aim: str = "",
    why: str,
    now: datetime | None = None,
) -> Reform:
    """Begin a draft as a copy of the pack in force, word for word.

    Raises `Refused`, `NothingInForce`.
    """
    require(actor, Action.CREATE, Kind.REFORM)
    text = law_files.text_of(partner, pathway)
    if not text:
        raise NothingInForce(f"{partner}/{pathway}")
    moment = now or timezone.now()
    versions = law_files.pack(partner, pathway).get("versions") or []
    reform = Reform(
        partner=partner, pathway=pathway, title=title, aim=aim,
        based_on=str(versions[-1].get("version") or "") if versions else "",
        based_on_digest=digest_of(text), begun_at=moment, begun_by=actor.account,
        changed_at=moment,
    )  # fmt: skip
    _store_new(reform)
    _add(actor, reform, 1, text, why, 0, moment)
    _log(actor, AuditTag.REFORM_BEGUN, reform, 1)
    return reform


def _store_new(reform: Reform) -> None:
    """Give it the next free code; who is overtaken by a colleague takes the one after."""
    for _attempt in range(_ATTEMPTS):
        reform.code = _free_code(reform.partner, reform.pathway)
        try:
            with transaction.atomic():
                reform.save(force_insert=True)
        except IntegrityError:
            continue
        return
    raise IntegrityError(f"no free code for {reform.code}")


def _free_code(partner: str, pathway: str) -> str:
    stem = f"{partner}-{pathway.replace('_', '-')}-"
    taken = Reform.objects.filter(partner=partner, pathway=pathway)
    numbers = [int(code.removeprefix(stem)) for code in taken.values_list("code", flat=True)]
    return f"{stem}{max(numbers, default=0) + 1}"


@transaction.atomic
def save(
    actor: Actor,
    code: str,
    *,
    text: str,
    why: str,
    seen: int,
    problems: int = 0,
    now: datetime | None = None,
) -> ReformVersion:
    """Keep `text` as the draft's next version; a text that changes nothing adds none.

    seen: the version that was open. problems: how many faults the check found in it. Raises
    `Refused`, `Reform.DoesNotExist`, `PutAside`, `TextRefused`, `ChangedMeanwhile`.
    """
    require(actor, Action.CHANGE, Kind.REFORM)
    reform = Reform.objects.select_for_update().get(code=code)
    if reform.closed_at is not None:
        raise PutAside
    plain = plain_text(text)
    last = newest(reform)
    if last.text == plain:
        return last
    if last.number != seen:
        raise ChangedMeanwhile(last)
    moment = now or timezone.now()
    version = _add(actor, reform, last.number + 1, plain, why, problems, moment)
    Reform.objects.filter(pk=reform.pk).update(changed_at=moment)
    _log(actor, AuditTag.REFORM_SAVED, reform, version.number)
    return version


def plain_text(text: str) -> str:
    """A text as it is kept: lines end with a line feed. Raises `TextRefused`."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(plain) > LONGEST_TEXT or _CONTROL.search(plain):
        raise TextRefused
    return plain if plain.endswith("\n") or not plain else f"{plain}\n"


def _add(
    actor: Actor, reform: Reform, number: int, text: str, why: str, problems: int, at: datetime
) -> ReformVersion:
    return ReformVersion.objects.create(
        reform=reform, number=number, text=text, digest=digest_of(text), why=why,
        problems=problems, at=at, by=actor.account,
    )  # fmt: skip


@transaction.atomic
def put_aside(actor: Actor, code: str, *, now: datetime | None = None) -> Reform:
    """The draft can no longer be edited, and stays readable."""
    return _closed(actor, code, now or timezone.now(), AuditTag.REFORM_PUT_ASIDE)


@transaction.atomic
def take_up(actor: Actor, code: str) -> Reform:
    """A draft that was put aside can be edited again."""
    return _closed(actor, code, None, AuditTag.REFORM_TAKEN_UP)


def _closed(actor: Actor, code: str, at: datetime | None, tag: AuditTag) -> Reform:
    require(actor, Action.CHANGE, Kind.REFORM)
    reform = Reform.objects.select_for_update().get(code=code)
    if (reform.closed_at is None) != (at is None):
        reform.closed_at = at
        reform.save(update_fields=["closed_at"])
        _log(actor, tag, reform, newest(reform).number)
    return reform


def _log(actor: Actor, tag: AuditTag, reform: Reform, version: int) -> None:
    record(
        actor, tag, handle=vault().handle("reform", str(reform.pk)),
        detail={"reform": reform.code, "version": version},
    )  # fmt: skip
