# SPDX-License-Identifier: EUPL-1.2
"""The demo's investigators: incidents that share things, an investigation, work with a neighbour.

Everything is made up: numbers are of ranges that nobody has, addresses end in `.example`. Nothing
is taken from the people of the demo; the two are kept apart here as everywhere (R1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.utils import timezone

from mostovi.people.models import Person
from mostovi.rights.access import Actor
from mostovi.rights.roles import Role
from mostovi.routes.incidents import (
    assisting,
    investigating,
    joint,
    letters,
    linking,
    outcomes,
    store,
)
from mostovi.routes.incidents.models import Incident

PHONE, SECOND, LORRY = "+382 00 000 117", "+381 00 000 245", "SY NT 117"
HAPPENED: Sequence[tuple[str, str, tuple[str, ...], tuple[str, ...], str, dict[str, str]]] = (
    ("smuggling", "road", ("lorry",), ("hidden_space",),
     "Eleven people in a lorry at a lay-by; the driver had left.",
     {"vehicle": LORRY, "phone": PHONE}),
    ("smuggling", "border", ("on_foot",), ("guided_walk", "payment_in_parts"),
     "A group was led across at night; the guide's phone was found.", {"phone": PHONE}),
    ("smuggling", "road", ("lorry",), ("hidden_space",),
     "The same lorry seen again by a patrol, empty.", {"vehicle": LORRY.lower().replace(" ", "-")}),
    ("trafficking", "online", ("online",), ("false_job",),
     "An advert for hotel work abroad; two families asked the police about it.",
     {"phone": SECOND, "online": "https://work-abroad.example/hotel"}),
    ("trafficking", "housing", ("car",), ("debt", "documents_taken"),
     "Workers housed in one flat; their passports were kept by the landlord.",
     {"phone": SECOND, "address": "Sintetička 12, Primjergrad"}),
    ("both", "housing", ("car", "lorry"), ("payment_in_parts",),
     "A flat used for one night at a time.",
     {"address": "ul. Sinteticka br. 12, Primjergrad", "vehicle": LORRY}),
)  # fmt: skip
"""(offence, place, means, methods, what happened, what was noted)."""


def load(
    actor_of: Callable[[Role], Actor], people: Sequence[Person], now: datetime, random: Random
) -> int:
    """Record it all as an investigator could; how many records."""
    assert settings.MOSTOVI.demo  # noqa: S101 - made-up offences never reach a real node
    try:
        investigator = actor_of(Role.INVESTIGATOR)
    except LookupError:
        return 0
    rows = _incidents(investigator, now, random)
    _advert(investigator, rows[3], now)
    linking.decide_link(
        investigator, rows[0], rows[2], ruling="connected", now=now,
        reason="Synthetic: the same plate and the same damaged mirror on both photographs.",
    )  # fmt: skip
    investigation = investigating.open_investigation(
        investigator, crime="smuggling", title="Synthetic: lorries on the northern road",
        summary="Three incidents with one lorry and one phone.", incidents=rows[:3], now=now,
    )  # fmt: skip
    investigating.mark(
        investigator, investigation, now=now,
        marks={"no_smuggled_liability": "done", "referral_first": "done",
               "compensation": "does_not_apply"},
    )  # fmt: skip
    _outcomes(investigator, now, random)
    nodes = letters.receivers()
    if nodes:
        work = joint.draft(
            investigator, investigation, to=nodes[0][0], now=now,
            title="Synthetic: lorries on the northern road",
            legal_basis="Synthetic agreement on police cooperation, article 3",
            text="The lorry is registered with you, and the phone was bought there.",
        )  # fmt: skip
        joint.propose(investigator, work, seen=joint.outgoing(work).seen, now=now)
        request = assisting.draft(
            investigator, to=nodes[0][0], measure="records", crime="smuggling",
            urgency="routine", investigation=investigation, now=now,
            written={
                "legal_basis": "European Convention on Mutual Assistance in Criminal Matters",
                "facts": "Synthetic: a lorry was used three times to hide people.",
                "asked": "The owner of the vehicle in the register, since January.",
            },
        )  # fmt: skip
        assisting.send(investigator, request, seen=assisting.outgoing(request).seen, now=now)
    return len(rows) + 1


def _incidents(investigator: Actor, now: datetime, random: Random) -> list[Incident]:
    today = timezone.localdate(now)
    rows = []
    for number, (crime, place, means, methods, summary, noted) in enumerate(HAPPENED):
        row = store.record_incident(
            investigator, crime=crime, happened_on=today - timedelta(days=9 * (6 - number)),
            place_kind=place, means=means, methods=methods, summary=f"Synthetic: {summary}",
            source="Patrol report (synthetic)", now=now,
        )  # fmt: skip
        for kind, value in noted.items():
            store.note_identifier(investigator, row, kind=kind, value=value, now=now)
        rows.append(row)
    return rows


def _advert(investigator: Actor, row: Incident, now: datetime) -> None:
    store.review_advert(
        investigator, row, found_on=row.happened_on, address="https://work-abroad.example/hotel",
        text="Hotel work by the sea, no papers needed, we lend you the ticket. Write today.",
        answers={"fee_or_debt": "yes", "hurry": "yes", "no_employer": "yes", "reported": "no"},
        conclusion="look_closer", now=now,
        reasons="Synthetic: no employer is named, and the ticket is to be worked off.",
    )  # fmt: skip


def _outcomes(investigator: Actor, now: datetime, random: Random) -> None:
    today = timezone.localdate(now)
    for back in range(1, 7):
        day = today - timedelta(days=30 * back)
        for stage, least in (("investigation", 20), ("indictment", 5), ("conviction", 1)):
            outcomes.record_outcome(
                investigator, stage=stage, crime="smuggling", happened_on=day,
                number=least + random.randrange(5), now=now,
            )  # fmt: skip
        # Enough that the region's table with noise shows some of them, and few enough to hide some.
        for least, sex, age in ((24, "female", "18-34"), (20, "female", "16-17"), (1, "male", "")):
            outcomes.record_outcome(
                investigator, stage="victims", crime="trafficking", happened_on=day,
                number=least + random.randrange(6), sex=sex, age_group=age, now=now,
            )  # fmt: skip
