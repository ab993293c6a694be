# SPDX-License-Identifier: EUPL-1.2
"""A file on somebody's liberty, and everything a decision needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mostovi.cases import services as cases
from mostovi.cases.alternatives import assessing, catalogue, files, housing
from mostovi.cases.alternatives.assessing import Screened, Wish
from mostovi.cases.alternatives.ladder import Considered
from mostovi.cases.alternatives.necessity import Test
from mostovi.people import services as people
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role

WHY = "Written for this person, who said that it would not help them."


@pytest.fixture
def officer(acting) -> Actor:
    return acting(Role.SOCIAL_WORKER)


@pytest.fixture
def supervisor(acting) -> Actor:
    return acting(Role.CASE_SUPERVISOR)


def registered(actor, birth, sex="male"):
    return people.register(
        actor,
        single={"birth": birth, "sex": sex, "languages": ["ar"]},
        names=[
            {"parts": [["given", "يوسف"], ["family", "حداد"]], "script": "Arab"},
            {"parts": [["given", "Yusuf"], ["family", "Haddad"]], "script": "Latn"},
        ],
    )


def file_for(actor, person, case_type="other_vulnerable_adult"):
    case = cases.open_case(
        actor, person=person, case_type=case_type, urgency="urgent", summary="Stopped at a road."
    )
    return files.open_file(actor, case, question="The police want to detain him.")


@pytest.fixture
def file(db, officer):
    """An adult's file."""
    return file_for(officer, registered(officer, {"precision": "year", "year": 1990}))


@pytest.fixture
def doubtful(db, officer):
    """The file of somebody who may be 17."""
    birth = {"precision": "day", "year": 2008, "month": 1, "day": 1, "doubted": True}
    return file_for(officer, registered(officer, birth), "unaccompanied_child")


def screened(**more):
    domains = {
        domain.code: {"present": "no", "met": "not_asked", "signs": []}
        for domain in catalogue.domains()
    }
    domains.update(more.pop("domains", {}))
    return Screened(
        **{
            "domains": domains, "serious_risk": "no", "with_own_child": "no", "rating": "low",
            "why": "Nothing was seen and the person says that all is well.",
            "no_interpreter_needed": True, **more,
        }
    )  # fmt: skip


def rejecting(*codes, why="would_not_work"):
    return {code: Considered(code, why, WHY) for code in codes}


def everything_rejected(why="would_not_work"):
    return rejecting(*(step.code for step in catalogue.ladder()), why=why)


TEST = Test(ground="identity", evidence=WHY, proportion=WHY, view="He wants to go on with school.")


def wish(choice="case_worker_support", **more):
    ranks = {step.code: step.rank for step in catalogue.ladder()}
    milder = [code for code, rank in ranks.items() if rank < ranks.get(choice, 99)]
    return Wish(
        **{
            "choice": choice, "considered": rejecting(*milder), "test": TEST,
            "authority": "Border police", "intention": "They want to keep him until Friday.",
            **more,
        }
    )  # fmt: skip


def detention(**more):
    return wish(
        **{
            "choice": "detention", "considered": everything_rejected(), "legal_aid": "Law clinic",
            "interpreter": "Ana", "review_on": timezone.localdate() + timedelta(days=3), **more,
        }
    )  # fmt: skip


@pytest.fixture
def screened_file(file, officer):
    assessing.screen(officer, file, screened())
    return files.find(officer, file.case.code)


@pytest.fixture
def place(db, supervisor):
    return housing.save_place(
        supervisor, code="house", name="House", kind="designated_residence", capacity=1
    )
