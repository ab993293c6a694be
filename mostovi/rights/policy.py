# SPDX-License-Identifier: EUPL-1.2
"""Who may do what: the table that `access.decide` reads. A line here is a decision about rights.

`tests/rights/access_matrix.csv` shows what every line means for every address of the product; a
change here shows up there and is reviewed as such.
"""

from __future__ import annotations

from collections.abc import Mapping

from mostovi.rights.kinds import Action, Kind, Scope
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import GRANTABLE, Role

ALL, UNIT, OWN = Scope.ALL, Scope.UNIT, Scope.OWN
_EVERY_PURPOSE = frozenset(Purpose)
_PERSONAL = frozenset({Purpose.PROTECTION, Purpose.ASYLUM})

OPEN_TO: Mapping[Kind, frozenset[Purpose]] = {
    Kind.FORM: _PERSONAL | {Purpose.STATISTICS, Purpose.GOVERNANCE},
    Kind.INDICATOR_SET: _PERSONAL | {Purpose.STATISTICS, Purpose.GOVERNANCE},
    Kind.SUBMISSION: _PERSONAL,
    Kind.PERSON: _PERSONAL,
    Kind.CONSENT: _PERSONAL,
    Kind.OVERRIDE: _PERSONAL,
    Kind.CASE: _PERSONAL,
    Kind.REFERRAL: _PERSONAL,
    Kind.SUPERVISION: frozenset({Purpose.PROTECTION}),
    Kind.SERVICE: _EVERY_PURPOSE,
    Kind.ALTERNATIVE: _PERSONAL,
    Kind.STATEMENT: frozenset({Purpose.INVESTIGATION}),
    Kind.TRACING: _PERSONAL,
    Kind.LAW: _EVERY_PURPOSE,
    Kind.REFORM: frozenset({Purpose.PATHWAYS, Purpose.GOVERNANCE, Purpose.STATISTICS}),
    Kind.PATHWAY_CHECK: _PERSONAL,
    Kind.FLOW: _EVERY_PURPOSE,
    Kind.FINE_FLOW: frozenset({Purpose.PROTECTION, Purpose.STATISTICS}),
    Kind.INCIDENT: frozenset({Purpose.INVESTIGATION}),
    Kind.INVESTIGATION: frozenset({Purpose.INVESTIGATION}),
    Kind.PROCEDURE: _EVERY_PURPOSE,
    Kind.PEER: frozenset({Purpose.GOVERNANCE}),
    Kind.LETTER: frozenset({Purpose.GOVERNANCE}),
    Kind.STATISTIC: frozenset({Purpose.STATISTICS}),
    Kind.REGIONAL_STATISTIC: _EVERY_PURPOSE,
    Kind.OVERLAP: frozenset({Purpose.STATISTICS, Purpose.GOVERNANCE}),
    Kind.PLAN: _EVERY_PURPOSE,
    Kind.EVIDENCE: _EVERY_PURPOSE,
    Kind.AUDIT: frozenset({Purpose.GOVERNANCE}),
    Kind.RETENTION: frozenset({Purpose.GOVERNANCE}),
    Kind.ACCOUNT: frozenset({Purpose.GOVERNANCE}),
    Kind.DEVICE: _PERSONAL,
    Kind.NODE: _EVERY_PURPOSE,
    Kind.OWN_FILE: frozenset({Purpose.GOVERNANCE}),
}
"""For which purposes a kind of record can be used at all, whatever the role (R1)."""

_STAFF = dict.fromkeys(GRANTABLE, ALL)
_PROTECTION_STAFF = {
    Role.ANTI_TRAFFICKING_COORDINATOR: ALL,
    Role.CASE_SUPERVISOR: UNIT,
    Role.FIRST_RESPONDER: UNIT,
    Role.SOCIAL_WORKER: UNIT,
}
_CASE_READERS = {**_PROTECTION_STAFF, Role.ASYLUM_OFFICER: ALL, Role.GUARDIAN: OWN}
_CASE_WRITERS = {**_PROTECTION_STAFF, Role.ASYLUM_OFFICER: ALL}
_REFERRERS = {
    Role.ANTI_TRAFFICKING_COORDINATOR: ALL,
    Role.ASYLUM_OFFICER: ALL,
    Role.CASE_SUPERVISOR: UNIT,
    Role.SOCIAL_WORKER: UNIT,
}
_TRACERS = {
    Role.ANTI_TRAFFICKING_COORDINATOR: ALL,
    Role.CASE_SUPERVISOR: UNIT,
    Role.SOCIAL_WORKER: UNIT,
}
_LAW_DRAFTERS = {
    Role.PARTNER_FOCAL_POINT: ALL,
    Role.PATHWAYS_OFFICER: ALL,
    Role.SECRETARIAT: ALL,
}

GRANTS: Mapping[Kind, Mapping[Action, Mapping[Role, Scope]]] = {
    Kind.FORM: {
        Action.READ: {
            **_PROTECTION_STAFF,
            Role.ADMINISTRATOR: ALL,
            Role.ASYLUM_OFFICER: ALL,
            Role.STATISTICIAN: ALL,
        },
        Action.CONFIGURE: {Role.ADMINISTRATOR: ALL, Role.ANTI_TRAFFICKING_COORDINATOR: ALL},
    },
    Kind.INDICATOR_SET: {
        Action.READ: {
            **_PROTECTION_STAFF,
            Role.ADMINISTRATOR: ALL,
            Role.ANALYST: ALL,
            Role.DATA_PROTECTION_OFFICER: ALL,
            Role.STATISTICIAN: ALL,
        },
    },
    Kind.SUBMISSION: {
        Action.READ: _PROTECTION_STAFF,
        Action.CREATE: _PROTECTION_STAFF,
        Action.CHANGE: _PROTECTION_STAFF,
        Action.DECIDE: _PROTECTION_STAFF,
    },
    Kind.PERSON: {
        Action.READ: _CASE_READERS,
        Action.CREATE: _CASE_WRITERS,
        Action.CHANGE: _CASE_WRITERS,
        Action.EXPORT: _TRACERS,
    },
    Kind.CONSENT: {
        Action.READ: _CASE_READERS,
        Action.CREATE: {**_CASE_WRITERS, Role.GUARDIAN: OWN},
        Action.CHANGE: {**_CASE_WRITERS, Role.GUARDIAN: OWN},
    },
    Kind.OVERRIDE: {
        Action.READ: _REFERRERS,
        Action.CREATE: _REFERRERS,
        Action.DECIDE: _TRACERS,
    },
    Kind.CASE: {
        Action.READ: _CASE_READERS,
        Action.CREATE: _CASE_WRITERS,
        Action.CHANGE: _CASE_WRITERS,
        Action.DECIDE: _TRACERS,
    },
    Kind.SUPERVISION: {
        Action.READ: {Role.ANTI_TRAFFICKING_COORDINATOR: ALL, Role.CASE_SUPERVISOR: UNIT},
        Action.DECIDE: {Role.ANTI_TRAFFICKING_COORDINATOR: ALL, Role.CASE_SUPERVISOR: UNIT},
    },
    Kind.SERVICE: {
        Action.READ: _STAFF,
        Action.CONFIGURE: {
            Role.ADMINISTRATOR: ALL,
            Role.ANTI_TRAFFICKING_COORDINATOR: ALL,
            Role.CASE_SUPERVISOR: ALL,
        },
    },
    Kind.ALTERNATIVE: {
        Action.READ: {**_REFERRERS, Role.GUARDIAN: OWN},
        Action.CREATE: _REFERRERS,
        Action.CHANGE: _REFERRERS,
        Action.DECIDE: _REFERRERS,
        Action.CONFIGURE: {Role.ANTI_TRAFFICKING_COORDINATOR: ALL, Role.CASE_SUPERVISOR: ALL},
    },
    Kind.STATEMENT: {Action.READ: {Role.INVESTIGATOR: ALL}},
    Kind.TRACING: {
        Action.READ: {**_TRACERS, Role.GUARDIAN: OWN},
        Action.CREATE: _TRACERS,
        Action.CHANGE: _TRACERS,
        Action.SEND: _TRACERS,
        Action.DECIDE: _TRACERS,
    },
    Kind.LAW: {
        Action.READ: _STAFF,
        Action.DECIDE: {Role.PARTNER_FOCAL_POINT: ALL},
    },
    Kind.REFORM: {
        Action.READ: {**_LAW_DRAFTERS, Role.ANALYST: ALL, Role.STATISTICIAN: ALL},
        Action.CREATE: _LAW_DRAFTERS,
        Action.CHANGE: _LAW_DRAFTERS,
    },
    Kind.PATHWAY_CHECK: {
        Action.READ: _CASE_READERS,
        Action.CREATE: {**_CASE_WRITERS, Role.GUARDIAN: OWN},
    },
    Kind.REFERRAL: {
        Action.READ: {**_REFERRERS, Role.FIRST_RESPONDER: UNIT},
        Action.CREATE: _REFERRERS,
        Action.SEND: _REFERRERS,
        Action.DECIDE: _REFERRERS,
    },
    Kind.FLOW: {
        Action.READ: _STAFF,
        Action.CREATE: {Role.ANALYST: ALL},
        Action.DECIDE: {Role.ANALYST: ALL},
        Action.PUBLISH: {Role.ANALYST: ALL},
    },
    Kind.FINE_FLOW: {
        Action.READ: {Role.ANALYST: ALL},
        Action.CREATE: {Role.ANALYST: ALL, Role.FIRST_RESPONDER: UNIT},
        Action.CHANGE: {Role.ANALYST: ALL},
    },
    Kind.INCIDENT: {
        Action.READ: {Role.INVESTIGATOR: ALL},
        Action.CREATE: {Role.INVESTIGATOR: ALL},
        Action.CHANGE: {Role.INVESTIGATOR: ALL},
    },
    Kind.INVESTIGATION: {
        Action.READ: {Role.INVESTIGATOR: ALL},
        Action.CREATE: {Role.INVESTIGATOR: ALL},
        Action.CHANGE: {Role.INVESTIGATOR: ALL},
        Action.SEND: {Role.INVESTIGATOR: ALL},
        Action.DECIDE: {Role.INVESTIGATOR: ALL},
    },
    Kind.PROCEDURE: {Action.READ: _STAFF},
    Kind.PEER: {
        Action.READ: {Role.ADMINISTRATOR: ALL, Role.DATA_PROTECTION_OFFICER: ALL},
        Action.CONFIGURE: {Role.ADMINISTRATOR: ALL},
    },
    Kind.LETTER: {
        Action.READ: {Role.ADMINISTRATOR: ALL, Role.DATA_PROTECTION_OFFICER: ALL},
        Action.CHANGE: {Role.ADMINISTRATOR: ALL},
    },
    Kind.STATISTIC: {
        Action.READ: {
            Role.ANALYST: ALL,
            Role.PARTNER_FOCAL_POINT: ALL,
            Role.STATISTICIAN: ALL,
        },
        Action.PUBLISH: {Role.STATISTICIAN: ALL},
    },
    Kind.REGIONAL_STATISTIC: {
        Action.READ: _STAFF,
        # A partner without a node brings a workbook; the secretariat publishes the region.
        Action.CREATE: {Role.PARTNER_FOCAL_POINT: ALL, Role.SECRETARIAT: ALL},
        # A second officer looks before a month leaves or counts, at protected counts only.
        Action.DECIDE: {
            Role.PARTNER_FOCAL_POINT: ALL,
            Role.SECRETARIAT: ALL,
            Role.STATISTICIAN: ALL,
        },
        Action.PUBLISH: {Role.SECRETARIAT: ALL},
        Action.SEND: {Role.SECRETARIAT: ALL},
        # Whether a partner's own node publishes its released months to everybody.
        Action.CONFIGURE: {Role.ADMINISTRATOR: ALL, Role.PARTNER_FOCAL_POINT: ALL},
    },
    Kind.OVERLAP: {
        Action.READ: {
            Role.DATA_PROTECTION_OFFICER: ALL,
            Role.PARTNER_FOCAL_POINT: ALL,
            Role.SECRETARIAT: ALL,
            Role.STATISTICIAN: ALL,
        },
        # One statistician proposes, that of the other partner decides.
        Action.CREATE: {Role.STATISTICIAN: ALL},
        Action.DECIDE: {Role.STATISTICIAN: ALL},
    },
    Kind.PLAN: {
        Action.READ: _STAFF,
        Action.CHANGE: {Role.PARTNER_FOCAL_POINT: ALL, Role.SECRETARIAT: ALL},
    },
    Kind.EVIDENCE: {
        Action.READ: _STAFF,
        Action.CREATE: {Role.PARTNER_FOCAL_POINT: ALL, Role.SECRETARIAT: ALL},
    },
    Kind.AUDIT: {
        Action.READ: {Role.DATA_PROTECTION_OFFICER: ALL},
        Action.EXPORT: {Role.DATA_PROTECTION_OFFICER: ALL},
    },
    Kind.RETENTION: {
        Action.READ: {Role.DATA_PROTECTION_OFFICER: ALL},
        Action.DECIDE: {Role.DATA_PROTECTION_OFFICER: ALL},
        Action.ERASE: {Role.DATA_PROTECTION_OFFICER: ALL},
    },
    Kind.ACCOUNT: {
        Action.READ: {Role.ADMINISTRATOR: ALL, Role.DATA_PROTECTION_OFFICER: ALL},
        Action.CREATE: {Role.ADMINISTRATOR: ALL},
        Action.CHANGE: {Role.ADMINISTRATOR: ALL},
    },
    Kind.DEVICE: {
        Action.READ: _PROTECTION_STAFF,
        Action.CREATE: _PROTECTION_STAFF,
        Action.CHANGE: _PROTECTION_STAFF,
    },
    Kind.NODE: {Action.READ: _STAFF, Action.CONFIGURE: {Role.ADMINISTRATOR: ALL}},
    Kind.OWN_FILE: {
        Action.READ: {Role.DATA_PROTECTION_OFFICER: ALL},
        Action.DECIDE: {Role.DATA_PROTECTION_OFFICER: ALL},
    },
}
"""`GRANTS[kind][action][role]` is the scope; what is not written is refused."""

PERSONAL_KINDS = frozenset(
    {
        Kind.SUBMISSION, Kind.PERSON, Kind.CONSENT, Kind.OVERRIDE,
        Kind.CASE, Kind.REFERRAL, Kind.DEVICE, Kind.SUPERVISION, Kind.ALTERNATIVE,
        Kind.STATEMENT, Kind.TRACING, Kind.PATHWAY_CHECK,
        Kind.INCIDENT, Kind.INVESTIGATION,
    }
)  # fmt: skip
"""Kinds that hold data on persons of concern; administrators are granted nothing on them."""

SHIELDED_KINDS = PERSONAL_KINDS - {Kind.STATEMENT, Kind.INCIDENT, Kind.INVESTIGATION}
"""Kinds of protection and asylum data, closed to return, investigation and labour (R1).

A statement is what the person has agreed to give to investigators: a copy that lies apart.
Incidents and investigations are the investigators' own store, fed from nothing shielded.
"""


def reads_personal_data(role: Role) -> bool:
    """Whether any grant lets `role` see data on persons of concern."""
    return any(role in roles for kind in PERSONAL_KINDS for roles in GRANTS.get(kind, {}).values())
