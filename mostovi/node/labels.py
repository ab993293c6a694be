# SPDX-License-Identifier: EUPL-1.2
"""How roles, purposes, units and what access is about are called on screen."""

from __future__ import annotations

from collections.abc import Mapping

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mostovi.rights.access import Action, Kind, Scope
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

ROLE_LABELS: Mapping[Role, str | Promise] = {
    Role.FIRST_RESPONDER: _("First responder"),
    Role.SOCIAL_WORKER: _("Social worker"),
    Role.CASE_SUPERVISOR: _("Case supervisor"),
    Role.GUARDIAN: _("Guardian"),
    Role.ANTI_TRAFFICKING_COORDINATOR: _("Anti-trafficking coordinator"),
    Role.ASYLUM_OFFICER: _("Asylum officer"),
    Role.PATHWAYS_OFFICER: _("Pathways officer"),
    Role.PERMIT_OFFICER: _("Permit officer"),
    Role.EMPLOYER: _("Employer"),
    Role.RETURN_COUNSELLOR: _("Return counsellor"),
    Role.RETURN_OFFICER: _("Return officer"),
    Role.CONSULAR_OFFICER: _("Consular officer"),
    Role.INVESTIGATOR: _("Investigator"),
    Role.ANALYST: _("Analyst"),
    Role.STATISTICIAN: _("Statistician"),
    Role.PARTNER_FOCAL_POINT: _("Partner focal point"),
    Role.SECRETARIAT: _("Secretariat"),
    Role.INTERPRETER: _("Interpreter"),
    Role.DATA_PROTECTION_OFFICER: _("Data-protection officer"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.PERSON: _("Person"),
    Role.SYSTEM: _("The node itself"),
}

PURPOSE_LABELS: Mapping[Purpose, str | Promise] = {
    Purpose.PROTECTION: _("Protection"),
    Purpose.ASYLUM: _("Asylum"),
    Purpose.PATHWAYS: _("Legal pathways"),
    Purpose.LABOUR: _("Labour"),
    Purpose.RETURN: _("Return"),
    Purpose.INVESTIGATION: _("Investigation"),
    Purpose.STATISTICS: _("Statistics"),
    Purpose.LEARNING: _("Learning"),
    Purpose.GOVERNANCE: _("Governance"),
}

KIND_LABELS: Mapping[Kind, str | Promise] = {
    Kind.FORM: _("Forms"),
    Kind.INDICATOR_SET: _("Indicator sets"),
    Kind.SUBMISSION: _("Filled forms"),
    Kind.PERSON: _("People"),
    Kind.CONSENT: _("Consents"),
    Kind.OVERRIDE: _("Sharing without consent"),
    Kind.CASE: _("Cases"),
    Kind.REFERRAL: _("Referrals"),
    Kind.SUPERVISION: _("Supervision of cases"),
    Kind.SERVICE: _("Services"),
    Kind.ALTERNATIVE: _("Alternatives to detention"),
    Kind.STATEMENT: _("Statements for investigators"),
    Kind.TRACING: _("Family tracing"),
    Kind.FLOW: _("Flows and routes"),
    Kind.FINE_FLOW: _("Flow observations by place and day"),
    Kind.INCIDENT: _("Incidents"),
    Kind.INVESTIGATION: _("Joint investigations"),
    Kind.LAW: _("Law of pathways"),
    Kind.REFORM: _("Reforms of law"),
    Kind.PATHWAY_CHECK: _("Checks of pathways"),
    Kind.PROCEDURE: _("Procedures"),
    Kind.PEER: _("Other nodes"),
    Kind.LETTER: _("Letters"),
    Kind.STATISTIC: _("Monthly counts"),
    Kind.REGIONAL_STATISTIC: _("Counts of the region"),
    Kind.OVERLAP: _("Counts with another partner"),
    Kind.PLAN: _("The 21 actions"),
    Kind.EVIDENCE: _("Evidence"),
    Kind.AUDIT: _("Log"),
    Kind.RETENTION: _("Retention"),
    Kind.ACCOUNT: _("Accounts"),
    Kind.DEVICE: _("Field devices"),
    Kind.NODE: _("This node"),
    Kind.OWN_FILE: _("Requests from own files"),
}

RECORD_LABELS: Mapping[str, str | Promise] = {
    "cases.Case": _("case"),
    "cases.CaseHandover": _("handover of a case"),
    "cases.CaseNote": _("note in a case"),
    "cases.CaseRecord": _("record of a case"),
    "cases.CaseRecordDecision": _("decision on a record"),
    "cases.CaseRecordVersion": _("version of a record"),
    "cases.GroupParticipation": _("part in a group session"),
    "cases.GroupSession": _("group session"),
    "cases.PlanEvent": _("entry of a plan"),
    "cases.Referral": _("referral"),
    "cases.ReferralMessage": _("message about a referral"),
    "cases.WithdrawnConsent": _("withdrawn consent"),
    "transfers.Transfer": _("transfer of a case"),
    "victims.Decision": _("decision on identification"),
    "victims.GivenStatement": _("statement given to investigators"),
    "victims.Statement": _("statement for investigators"),
    "exchange.Attachment": _("attachment of a letter"),
    "exchange.OutboxLetter": _("letter to another node"),
    "exchange.ParkedLetter": _("letter that waits for an earlier one"),
    "procedures.Deadline": _("deadline"),
    "procedures.Event": _("step of a procedure"),
    "procedures.Extension": _("extension of a deadline"),
    "procedures.Instance": _("procedure of a case or referral"),
    "procedures.Suspension": _("pause of a deadline"),
    "procedures.Task": _("task"),
    "screening.Finding": _("finding"),
    "screening.FindingDecision": _("decision on a finding"),
    "screening.Submission": _("filled form"),
    "screening.SubmissionFile": _("file of a filled form"),
}
"""Stored records whose model does not name itself for readers, by the model's label."""

ACTION_LABELS: Mapping[Action, str | Promise] = {
    Action.READ: pgettext_lazy("action on a record", "read"),
    Action.CREATE: pgettext_lazy("action on a record", "make new"),
    Action.CHANGE: pgettext_lazy("action on a record", "change"),
    Action.SEND: pgettext_lazy("action on a record", "send"),
    Action.DECIDE: pgettext_lazy("action on a record", "decide"),
    Action.EXPORT: pgettext_lazy("action on a record", "take a copy"),
    Action.ERASE: pgettext_lazy("action on a record", "erase"),
    Action.PUBLISH: pgettext_lazy("action on a record", "publish"),
    Action.CONFIGURE: pgettext_lazy("action on a record", "set up"),
}

SCOPE_LABELS: Mapping[Scope, str | Promise] = {
    Scope.ALL: _("all records"),
    Scope.UNIT: _("records of the own unit"),
    Scope.OWN: _("records held by oneself"),
}


def role_label(role: str) -> str:
    """The name of `role` on screen; the code itself when it is unknown."""
    return str(ROLE_LABELS[Role(role)]) if role in set(Role) else role


def purpose_label(purpose: str) -> str:
    """The name of `purpose` on screen; the code itself when it is unknown."""
    return str(PURPOSE_LABELS[Purpose(purpose)]) if purpose in set(Purpose) else purpose


def unit_label(unit: str) -> str:
    """A unit's code as words: `border-post` is shown as 'Border post'."""
    return unit.replace("-", " ").replace("_", " ").capitalize()


def kind_label(kind: str) -> str:
    """A kind of record on screen; the code itself when it is unknown."""
    return str(KIND_LABELS[Kind(kind)]) if kind in set(Kind) else kind


def action_label(action: str) -> str:
    """What is done to a record, on screen; the code itself when it is unknown."""
    return str(ACTION_LABELS[Action(action)]) if action in set(Action) else action


def scope_label(scope: str) -> str:
    """Which records a role reaches, on screen; the code itself when it is unknown."""
    return str(SCOPE_LABELS[Scope(scope)]) if scope in set(Scope) else scope


def record_label(model: str) -> str:
    """A stored record on screen, by its model's label such as `cases.Case`."""
    named = RECORD_LABELS.get(model)
    return str(named if named else apps.get_model(model)._meta.verbose_name)
