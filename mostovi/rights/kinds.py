# SPDX-License-Identifier: EUPL-1.2
"""The words access is decided in: what is asked, of which kind of record, on which rows."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What is asked of a record."""

    READ = "read"
    CREATE = "create"
    CHANGE = "change"
    SEND = "send"
    DECIDE = "decide"
    EXPORT = "export"
    ERASE = "erase"
    PUBLISH = "publish"
    CONFIGURE = "configure"


class Kind(StrEnum):
    """Kinds of record, as users name them."""

    FORM = "form"
    INDICATOR_SET = "indicator_set"
    SUBMISSION = "submission"
    PERSON = "person"
    CONSENT = "consent"
    OVERRIDE = "override"
    CASE = "case"
    REFERRAL = "referral"
    SUPERVISION = "supervision"
    SERVICE = "service"
    ALTERNATIVE = "alternative"
    STATEMENT = "statement"
    TRACING = "tracing"
    LAW = "law"
    REFORM = "reform"
    PATHWAY_CHECK = "pathway_check"
    FLOW = "flow"
    FINE_FLOW = "fine_flow"
    INCIDENT = "incident"
    INVESTIGATION = "investigation"
    PROCEDURE = "procedure"
    PEER = "peer"
    LETTER = "letter"
    STATISTIC = "statistic"
    REGIONAL_STATISTIC = "regional_statistic"
    OVERLAP = "overlap"
    PLAN = "plan"
    EVIDENCE = "evidence"
    AUDIT = "audit"
    RETENTION = "retention"
    ACCOUNT = "account"
    DEVICE = "device"
    NODE = "node"
    OWN_FILE = "own_file"


class Scope(StrEnum):
    """Which rows of a kind: every row, those of the actor's unit, or those the actor holds."""

    ALL = "all"
    UNIT = "unit"
    OWN = "own"
