# SPDX-License-Identifier: EUPL-1.2
"""How decisions, statuses and what they rest on are called on screen."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.cases.victims.identification import Ruling, Status

Words = str | Promise

STATUSES: Mapping[Status, Words] = {
    Status.PRESUMED: _("Presumed victim; nothing decided yet"),
    Status.REASONABLE_GROUNDS: _("Reasonable grounds decided"),
    Status.IDENTIFIED: _("Formally identified"),
    Status.NOT_IDENTIFIED: _("Not identified"),
    Status.APPEALED: _("Appeal open"),
}
STATUS_TONES: Mapping[Status, str] = {
    Status.PRESUMED: "info",
    Status.REASONABLE_GROUNDS: "info",
    Status.IDENTIFIED: "ok",
    Status.NOT_IDENTIFIED: "quiet",
    Status.APPEALED: "warn",
}
RULINGS: Mapping[Ruling, Words] = {
    Ruling.REASONABLE_GROUNDS: _("There are reasonable grounds"),
    Ruling.IDENTIFIED: _("The person is a victim of trafficking"),
    Ruling.NOT_IDENTIFIED: _("The person is not identified as a victim"),
    Ruling.APPEAL_ALLOWED: _("The appeal succeeds"),
    Ruling.APPEAL_DISMISSED: _("The appeal fails"),
}
BASES: Mapping[str, Words] = {
    "told": _("What the person told"),
    "observed": _("What was observed"),
    "document": _("Documents"),
    "institution": _("What another institution found"),
    "screening": _("A screening finding (never enough alone)"),
}
ENDINGS: Mapping[str, Words] = {
    "withdrawn": _("Withdrawn; investigators can no longer read it"),
    "expired": _("The consent ran out; investigators can no longer read it"),
    "erased": _("Erased"),
}
EVIDENCE: Mapping[str, Words] = {
    "memory": _("not yet checked against the text"),
    "proposal": _("working rule, not from a law"),
}
