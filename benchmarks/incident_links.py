# SPDX-License-Identifier: EUPL-1.2
"""How long links between incidents take in a large store, beside other ways of asking the same.

    python -m benchmarks.incident_links [--incidents 100000] [--rounds 200] [--database URL]

Fills an empty node with made-up incidents (a few things noted at each; most things at one incident
only, some at several, a few at thousands), then asks for the network two links around an incident,
a different one each time, side by side:

- `linking.around`: what the page asks;
- a plain SQL join of the things with themselves, twice, without what is widely shared;
- everything read and worked out on each view, as the page did before;
- networkx, where it is installed (`pip install networkx`, BSD, no dependency of ours): the graph
  once in memory (its building is told apart), then its ego graph.

All of them name the same incidents; that is checked. Beside it: a page of pairs, the number that
waits, what one incident shares, and noting one more thing. `--database` takes the URL of an empty
PostgreSQL database; without it a new SQLite file is used.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

LEAST_EACH, MOST_EACH = 0, 5
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--database", default="sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        started(Path(home), options.database)
        print(json.dumps(measured(options.incidents, options.rounds), indent=1))


def started(home: Path, database: str) -> None:
    """An empty node in `home`."""
    (home / "node.toml").write_text(
        f'code = "me"\nname = "Measured node"\ndemo = true\ndatabase = "{database}"\n'
        'units = ["border"]\nallowed_hosts = ["*"]\n', encoding="utf-8",
    )  # fmt: skip
    os.environ["MOSTOVI_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "mostovi.node.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from mostovi.rights.vault import create_master_key

    call_command("migrate", verbosity=0)
    create_master_key(settings.MOSTOVI.keys)


# --- The store -----------------------------------------------------------------------------------


def filled(count: int, chance: Random) -> list[Any]:
    """Incidents with what is noted at them, and the pairs that follow; the incidents.

    Things are drawn from a pool with a few very frequent ones (Zipf), as phones and plates are.
    """
    from mostovi.rights import bulk
    from mostovi.routes.incidents.models import Identifier, Incident

    incidents = [
        Incident(
            id=bulk.new_id(), key_id=uuid4(), sealed=b"-", code=f"IN-{number:06d}",
            crime="smuggling", happened_on=date(2026, 1, 1), place_kind="road", means=[],
            methods=[], created_by=UUID(int=1), created_at=NOW, changed_at=NOW,
        )
        for number in range(count)
    ]  # fmt: skip
    bulk.insert(incidents)
    noted = []
    for incident in incidents:
        things = {thing(chance, count) for _n in range(chance.randint(LEAST_EACH, MOST_EACH))}
        noted += [
            Identifier(
                id=bulk.new_id(), key_id=incident.key_id, sealed=b"-", incident=incident,
                kind=kind, token=token, created_at=NOW,
            )
            for kind, token in things
        ]  # fmt: skip
    bulk.insert(noted)
    paired()
    return incidents


def thing(chance: Random, count: int) -> tuple[str, bytes]:
    """A phone or vehicle: one in fifty is one of a few that thousands share."""
    frequent = chance.random() < 0.02
    number = chance.randrange(20) if frequent else 100 + chance.randrange(2 * count)
    return chance.choice(["phone", "vehicle"]), number.to_bytes(16, "big")


def paired() -> None:
    """The pairs of a store that was filled past the services, as the migration makes them."""
    from importlib import import_module

    from django.apps import apps

    import_module("mostovi.routes.incidents.migrations.0002_linkedpair").work_out(apps, None)


# --- The same question, four ways ----------------------------------------------------------------


def by_pages(actor: Any) -> Callable[[Any], set[str]]:
    from mostovi.routes.incidents import linking

    return lambda centre: set(linking.around(actor, centre, most=10_000).incidents)


STEP = """
WITH here AS (SELECT kind, token FROM incidents_identifier WHERE incident_id IN ({marks})),
telling AS (
    SELECT here.kind, here.token FROM here
    JOIN incidents_identifier AS held ON held.kind = here.kind AND held.token = here.token
    GROUP BY here.kind, here.token HAVING count(DISTINCT held.incident_id) < {wide}
)
SELECT DISTINCT held.incident_id FROM telling
JOIN incidents_identifier AS held ON held.kind = telling.kind AND held.token = telling.token
"""


def by_sql(centre: Any) -> set[str]:
    from django.db import connection

    from mostovi.routes.incidents.links import WIDE
    from mostovi.routes.incidents.models import Incident

    lite = connection.vendor == "sqlite"
    near = {centre.pk.hex if lite else str(centre.pk)}
    with connection.cursor() as cursor:
        for _step in range(2):
            marks = ", ".join(["%s"] * len(near))
            cursor.execute(STEP.format(marks=marks, wide=WIDE), list(near))
            near |= {row[0] if lite else str(row[0]) for row in cursor.fetchall()}
    return set(Incident.objects.filter(pk__in=near).values_list("code", flat=True))


def everything() -> list[Any]:
    """Every pair of the store, from all of it."""
    from mostovi.routes.incidents import links
    from mostovi.routes.incidents.models import Identifier

    rows = Identifier.objects.order_by().values_list("incident__code", "kind", "token")
    held = [links.Held(code, kind, bytes(token)) for code, kind, token in rows]
    return links.links(links.shared_things(held))


def by_reading_all(centre: Any) -> set[str]:
    found = everything()
    near = {centre.code}
    for _step in range(2):
        near |= {
            code
            for link in found
            if link.one in near or link.other in near
            for code in (link.one, link.other)
        }
    return near


def by_networkx() -> tuple[dict[str, Callable[[Any], set[str]]], dict[str, Any]]:
    """The peer and how long its graph took; nothing where it is not installed."""
    try:
        import networkx
    except ImportError:
        return {}, {"networkx": "not installed"}
    began = time.perf_counter()
    graph = networkx.Graph((link.one, link.other) for link in everything())
    built = time.perf_counter() - began
    components = networkx.number_connected_components(graph)

    def ask(centre: Any) -> set[str]:
        if centre.code not in graph:
            return {centre.code}
        return set(networkx.ego_graph(graph, centre.code, radius=2))

    said = {"networkx_built_in_seconds": round(built, 1), "networkx_components": components}
    return {"networkx_in_memory": ask}, said


# --- Measured ------------------------------------------------------------------------------------


def measured(count: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of each question, in turn, so that what disturbs the machine disturbs all."""
    from django.db import connection

    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose
    from mostovi.rights.roles import Role
    from mostovi.routes.incidents.models import Identifier, LinkedPair

    chance, actor = Random(5), Actor(uuid4(), Role.INVESTIGATOR, Purpose.INVESTIGATION, "border")
    with told("filling"):
        incidents = filled(count, chance)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    peer, said = by_networkx()
    ways = {
        "around": by_pages(actor), "sql_join": by_sql, **peer, "everything_read": by_reading_all,
    }  # fmt: skip
    asked = [chance.choice(incidents) for _n in range(rounds)]
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for number, centre in enumerate(asked):
        found = {}
        for name, ask in ways.items():
            if name == "everything_read" and number >= 5:
                continue
            began = time.perf_counter()
            found[name] = ask(centre)
            spent[name].append(1000 * (time.perf_counter() - began))
        if len({frozenset(one) for one in found.values()}) != 1:
            sys.exit(f"{centre.code}: the ways do not agree: {found}")
    middle = {name: statistics.median(values) for name, values in spent.items()}
    return {
        "database": connection.vendor,
        "incidents": count,
        "things_noted": Identifier.objects.count(),
        "pairs": LinkedPair.objects.count(),
        "milliseconds_median": {name: round(value, 2) for name, value in middle.items()},
        "milliseconds_p95": {name: round(_p95(values), 2) for name, values in spent.items()},
        "times_around": {
            name: round(value / middle["around"], 2) for name, value in middle.items()
        },
        **said,
        "others_milliseconds": others(actor, incidents, asked),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def others(actor: Any, incidents: Sequence[Any], asked: Iterable[Any]) -> dict[str, float]:
    """What the other pages ask, and noting one more thing, its pairs included."""
    from mostovi.routes.incidents import linking, pairing
    from mostovi.routes.incidents.models import Identifier

    number = iter(range(10**6))

    def note(centre: Any) -> None:
        chance = Random(next(number))
        kind, token = thing(chance, len(incidents))
        if Identifier.objects.filter(incident=centre, kind=kind, token=token).exists():
            return
        Identifier(
            incident=centre, key_id=centre.key_id, sealed=b"-", kind=kind, token=token,
            created_at=NOW,
        ).save(force_insert=True)  # fmt: skip
        pairing.refresh([(kind, token)], NOW)

    questions: dict[str, Callable[[Any], Any]] = {
        "page_of_pairs": lambda _centre: linking.among(actor, list(linking.pairs(actor)[:20])),
        "waiting": lambda _centre: linking.waiting(actor),
        "at_one_incident": lambda centre: linking.noted(actor, centre),
        "note_one_more": note,
    }
    spent = {}
    for name, ask in questions.items():
        times = []
        for centre in asked:
            began = time.perf_counter()
            ask(centre)
            times.append(1000 * (time.perf_counter() - began))
        spent[name] = round(statistics.median(times), 2)
    return spent


@contextmanager
def told(what: str) -> Any:
    """Says on standard error what takes long."""
    began = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
