# SPDX-License-Identifier: EUPL-1.2
"""Who works on a node, and for which purposes a role may act (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mostovi.rights.purposes import Purpose


class Role(StrEnum):
    """A role a person holds in a unit of a node. `SYSTEM` is the node itself, granted to nobody."""

    FIRST_RESPONDER = "first_responder"
    SOCIAL_WORKER = "social_worker"
    CASE_SUPERVISOR = "case_supervisor"
    GUARDIAN = "guardian"
    ANTI_TRAFFICKING_COORDINATOR = "anti_trafficking_coordinator"
    ASYLUM_OFFICER = "asylum_officer"
    PATHWAYS_OFFICER = "pathways_officer"
    PERMIT_OFFICER = "permit_officer"
    EMPLOYER = "employer"
    RETURN_COUNSELLOR = "return_counsellor"
    RETURN_OFFICER = "return_officer"
    CONSULAR_OFFICER = "consular_officer"
    INVESTIGATOR = "investigator"
    ANALYST = "analyst"
    STATISTICIAN = "statistician"
    PARTNER_FOCAL_POINT = "partner_focal_point"
    SECRETARIAT = "secretariat"
    INTERPRETER = "interpreter"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    ADMINISTRATOR = "administrator"
    PERSON = "person"
    SYSTEM = "system"


GRANTABLE = frozenset(Role) - {Role.PERSON, Role.SYSTEM}
"""Roles an administrator may give to an account; a person enters with a printed code instead."""

ROLE_PURPOSES: Mapping[Role, tuple[Purpose, ...]] = {
    Role.FIRST_RESPONDER: (Purpose.PROTECTION,),
    Role.SOCIAL_WORKER: (Purpose.PROTECTION,),
    Role.CASE_SUPERVISOR: (Purpose.PROTECTION,),
    Role.GUARDIAN: (Purpose.PROTECTION,),
    Role.ANTI_TRAFFICKING_COORDINATOR: (Purpose.PROTECTION,),
    Role.ASYLUM_OFFICER: (Purpose.ASYLUM,),
    Role.PATHWAYS_OFFICER: (Purpose.PATHWAYS,),
    Role.PERMIT_OFFICER: (Purpose.LABOUR,),
    Role.EMPLOYER: (Purpose.LABOUR,),
    Role.RETURN_COUNSELLOR: (Purpose.RETURN,),
    Role.RETURN_OFFICER: (Purpose.RETURN,),
    Role.CONSULAR_OFFICER: (Purpose.RETURN,),
    Role.INVESTIGATOR: (Purpose.INVESTIGATION,),
    Role.ANALYST: (Purpose.STATISTICS,),
    Role.STATISTICIAN: (Purpose.STATISTICS,),
    Role.PARTNER_FOCAL_POINT: (Purpose.GOVERNANCE, Purpose.STATISTICS),
    Role.SECRETARIAT: (Purpose.GOVERNANCE, Purpose.STATISTICS),
    Role.INTERPRETER: (Purpose.PROTECTION,),
    Role.DATA_PROTECTION_OFFICER: (Purpose.GOVERNANCE,),
    Role.ADMINISTRATOR: (Purpose.GOVERNANCE,),
    Role.PERSON: (),
    Role.SYSTEM: tuple(Purpose),
}
"""The purposes each role may act under; the first is the one a session opens with."""
