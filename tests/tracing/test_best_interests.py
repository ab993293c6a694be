# SPDX-License-Identifier: EUPL-1.2
"""The gate reads the assessment in the child's own case, and only one that counts."""

from datetime import UTC, datetime

import pytest

from mostovi.cases import recording
from mostovi.cases.models import Case
from mostovi.rights.roles import Role
from mostovi.tracing import registrations
from tests.nodes.best_interests_of import answer

pytestmark = pytest.mark.django_db


def test_only_an_approved_assessment_opens_the_gate(proposed, acting, boy):
    case = Case.objects.get(pk=boy.pk)
    author, approver = acting(Role.SOCIAL_WORKER), acting(Role.ANTI_TRAFFICKING_COORDINATOR)
    now = datetime.now(UTC)
    kind = recording.kinds()["best_interests_assessment"]
    answers = {one.code: answer(one) for section in kind.sections for one in section.questions}
    row = recording.write(author, case, kind=kind.code, answers=answers, final=True)
    assert not registrations.best_interests(proposed.procedure, now).is_open
    recording.decide(approver, case, row, approve=True, reason="Complete.")
    assert registrations.best_interests(proposed.procedure, now).is_open
