# SPDX-License-Identifier: EUPL-1.2
"""A hand inside one node, for what a story does not show: commands and answers, a line each.

`python hand.py` with MOSTOVI_HOME; then `["turn"]` and so on. It does what the node's own worker
and officers do, through the same services, only at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.node.test_operations_nodes import environment


class Hand:
    """A hand in the node with this home."""

    def __init__(self, home: Path) -> None:
        root = str(Path(__file__).resolve().parents[2])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.nodes.hand"],
            cwd=root, env={**environment(), "MOSTOVI_HOME": str(home)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __call__(self, verb: str, **values: Any) -> Any:
        """Do it and wait for the answer."""
        self.ask(verb, **values)
        return self.answer()

    def ask(self, verb: str, **values: Any) -> None:
        """Begin something; `answer` waits for it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([verb, values]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """What came of the command begun last."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the hand died; its standard error says why"
        return json.loads(line)

    def close(self) -> None:
        """Let go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


# --- Inside the node -----------------------------------------------------------------------------


def coordinator() -> Any:
    """The node's anti-trafficking coordinator, as signed in."""
    from django.contrib.auth import get_user_model

    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose
    from mostovi.rights.roles import Role

    role = Role.ANTI_TRAFFICKING_COORDINATOR
    account = get_user_model().objects.get(username="anti-trafficking-coordinator")
    unit = account.memberships.get(role=role.value, ended_at=None).unit
    return Actor(account.pk, role, Purpose.PROTECTION, unit)


def case(**given: Any) -> str:
    """Register a person and open a case; its code."""
    from mostovi.cases import services as cases
    from mostovi.people import services as people

    actor = coordinator()
    name = {
        "parts": [["given", given["given"]], ["family", given["family"]]],
        "script": given["script"],
    }
    single = {
        "birth": {"precision": "year", "year": given["year"]}, "sex": given["sex"],
        "languages": [given["language"]],
    }  # fmt: skip
    person = people.register(actor, single=single, names=[name])
    opened = cases.open_case(actor, person=person, case_type=given["type"], urgency="soon")
    return str(opened.code)


def consent(*, case: str, receivers: list[str]) -> None:
    """The person agrees that a search is compared with these nodes."""
    from django.utils import timezone

    from mostovi.cases import services as cases
    from mostovi.people import consenting
    from mostovi.rights.purposes import Purpose
    from mostovi.tracing.vocabulary import SEARCH, SEARCH_FIELDS

    actor = coordinator()
    for receiver in receivers:
        consenting.give(
            actor, cases.find(actor, case).person, purpose=Purpose.PROTECTION, receiver=receiver,
            fields=SEARCH_FIELDS, language="en", means="oral", profile=SEARCH,
            expires_at=timezone.now() + timedelta(days=300),
        )  # fmt: skip


def search(*, case: str, receivers: list[str], sought: dict[str, Any]) -> str:
    """Write a search down and begin it; its code."""
    from mostovi.cases import services as cases
    from mostovi.tracing import requesting

    actor = coordinator()
    made = requesting.make(
        actor, cases.find(actor, case), sought=[sought], side="adult", agreed_here=True
    )
    consent(case=case, receivers=receivers)
    requesting.begin(actor, made)
    return str(made.code)


def assess(*, case: str) -> None:
    """A best interests assessment, written by one officer and approved by another."""
    from mostovi.cases import recording
    from mostovi.cases import services as cases
    from mostovi.rights.access import Actor
    from mostovi.rights.roles import Role
    from tests.nodes.best_interests_of import answer

    approver = coordinator()
    author = Actor(uuid4(), Role.SOCIAL_WORKER, approver.purpose, approver.unit)
    kind = recording.kinds()["best_interests_assessment"]
    answers = {one.code: answer(one) for section in kind.sections for one in section.questions}
    found = cases.find(author, case)
    row = recording.write(author, found, kind=kind.code, answers=answers, final=True)
    recording.decide(approver, found, row, approve=True, reason="Complete and well weighed.")


def index() -> int:
    """Bring the matching index up to date."""
    from django.utils import timezone

    from mostovi.tracing import indexing

    done = 0
    while made := indexing.keep_in_step(timezone.now(), limit=5_000):
        done += made
    return done


def begin() -> int:
    """Begin a round with every node."""
    from django.utils import timezone

    from mostovi.tracing import rounds

    return rounds.begin(timezone.now(), at_once=True)


def turn() -> int:
    """What the worker does for the rounds now and then; how many rounds and letters are left."""
    from django.utils import timezone

    from mostovi.exchange import services as exchange
    from mostovi.exchange.models import OutboxLetter
    from mostovi.exchange.transport import http_transport
    from mostovi.tracing import rounds
    from mostovi.tracing.models import TracingRound

    exchange.relay_due(timezone.now(), http_transport())
    exchange.fetch_wanted(timezone.now(), http_transport())
    rounds.turn(timezone.now())
    exchange.relay_due(timezone.now(), http_transport())
    waiting = OutboxLetter.objects.filter(state__in=["waiting", "in_flight"]).count()
    return TracingRound.objects.filter(ended_at=None).count() + waiting


def people(*, given: str, family: str, script: str, years: list[int], month: str) -> int:
    """Cases of people of one name and of these years of birth, opened in a month that is over."""
    from datetime import UTC, datetime

    from mostovi.cases.models import Case

    codes = [
        case(given=given, family=family, script=script, year=year, sex="male", language="fa",
             type="family")
        for year in years
    ]  # fmt: skip
    opened = datetime.fromisoformat(f"{month}-10").replace(tzinfo=UTC)
    return Case.objects.filter(code__in=codes).update(opened_at=opened)


def count() -> int:
    """What the worker does for counts with another partner now and then; how many are left."""
    from django.utils import timezone

    from mostovi.exchange import services as exchange
    from mostovi.exchange.transport import http_transport
    from mostovi.statistics import overlap_rounds
    from mostovi.statistics.models import OverlapRound

    exchange.relay_due(timezone.now(), http_transport())
    exchange.fetch_wanted(timezone.now(), http_transport())
    overlap_rounds.turn(timezone.now())
    exchange.relay_due(timezone.now(), http_transport())
    return OverlapRound.objects.filter(ended_at=None).count()


_COPIES: list[tuple[Any, Any]] = []


def copy(*, letter_type: str, to: str) -> int:
    """Keep a copy of the letters of a type that are on their way; how many."""
    from django.utils import timezone

    from mostovi.exchange import outbox
    from mostovi.exchange.models import OutboxLetter

    rows = list(OutboxLetter.objects.filter(letter_type=letter_type, to=to, state="waiting"))
    _COPIES.extend(outbox._parcels(to, rows, timezone.now()))
    return len(rows)


def send_copies() -> list[tuple[str, bool]]:
    """Send the copies to where their letters went; how each letter stands, and whether the receipt
    is the one that it had."""
    from mostovi.exchange import outbox
    from mostovi.exchange.models import OutboxLetter
    from mostovi.exchange.transport import http_transport

    said = []
    for peer, parcel in _COPIES:
        for row, _digest, result in outbox._carry(peer, parcel, http_transport()):
            known = OutboxLetter.objects.get(pk=row.pk)
            said.append((known.state, known.receipt == result.receipt))
    return said


def proceedings() -> dict[str, int]:
    """How many proceedings statistics count in this month, by stage."""
    from collections import Counter

    from django.utils import timezone

    from mostovi.statistics import own_events
    from mostovi.statistics.months import Month

    month = Month.of(timezone.localdate())
    found = own_events.events(month, wanted=["proceeding"])
    return dict(Counter(str(one["outcome"]) for one in found))


VERBS = (
    assess,
    begin,
    case,
    consent,
    copy,
    count,
    index,
    people,
    proceedings,
    search,
    send_copies,
    turn,
)


def main() -> int:
    """Serve commands until standard input ends."""
    answers, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    from mostovi.node import startup

    startup.start_django()
    verbs = {verb.__name__: verb for verb in VERBS}
    for line in sys.stdin:
        verb, values = json.loads(line)
        answers.write(json.dumps(verbs[verb](**values)) + "\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
