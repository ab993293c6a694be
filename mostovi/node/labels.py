# SPDX-License-Identifier: EUPL-1.2
"""How roles, purposes and units are called on screen."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role

ROLE_LABELS: Mapping[Role, str | Promise] = {
    Role.FIRST_RESPONDER: _("First responder"),
    Role.SOCIAL_WORKER: _("Social worker"),
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


def role_label(role: str) -> str:
    """The name of `role` on screen; the code itself when it is unknown."""
    return str(ROLE_LABELS[Role(role)]) if role in set(Role) else role


def purpose_label(purpose: str) -> str:
    """The name of `purpose` on screen; the code itself when it is unknown."""
    return str(PURPOSE_LABELS[Purpose(purpose)]) if purpose in set(Purpose) else purpose


def unit_label(unit: str) -> str:
    """A unit's code as words: `border-post` is shown as 'Border post'."""
    return unit.replace("-", " ").replace("_", " ").capitalize()
