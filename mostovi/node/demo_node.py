# SPDX-License-Identifier: EUPL-1.2
"""Steps of the demo inside one node: `python -m mostovi.node.demo_node STEP`, JSON in and out.

`prepare` brings the node up to date and makes its accounts; `gather` collects static files;
`direct` lets the steward sign the directory of nodes; `populate` takes the directory in and loads
the synthetic world.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from mostovi.node import startup
from mostovi.node.demo import PROGRESS
from mostovi.node.initialise import bring_up_to_date

SMALL_WORLD = 5_000


def prepare(given: Mapping[str, Any]) -> dict[str, Any]:
    """Database, content, keys and accounts; returns the node's entry for the directory."""
    bring_up_to_date(lambda step: None)
    from django.conf import settings
    from django.utils import timezone

    from mostovi.exchange import keystore, peers
    from mostovi.node.accounts import create_demo_accounts

    now = timezone.now()
    keystore.ensure_keys(keystore.key_store(), now)
    accounts = create_demo_accounts(given["password"])
    steward = peers.make_steward(now).public.x if settings.MOSTOVI.steward else ""
    return {
        "entry": peers.own_entry().as_dict(),
        "steward": steward,
        "accounts": [{"username": a.username, "name": str(a.display_name)} for a in accounts],
    }


def gather(given: Mapping[str, Any]) -> dict[str, Any]:
    """Collect and compress the static files that all nodes of the demo share."""
    from mostovi.node import assets

    return {"gathered": assets.prepare()}


def direct(given: Mapping[str, Any]) -> dict[str, Any]:
    """The steward signs who takes part."""
    from django.utils import timezone

    from mostovi.exchange import peers
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    document = peers.publish_directory(
        Actor.system(Purpose.GOVERNANCE), entries=given["entries"], now=timezone.now()
    )
    return {"document": document}


def populate(given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the directory in and, when `people` is not 0, load the synthetic world.

    A node that holds no persons gets the months of partners that have no node.
    """
    from django.conf import settings
    from django.utils import timezone

    from mostovi.exchange import peers
    from mostovi.rights.access import Actor
    from mostovi.rights.purposes import Purpose

    actor = Actor.system(Purpose.GOVERNANCE)
    peers.import_directory(actor, document=given["document"], now=timezone.now())
    people = int(given["people"])
    if not people:
        return {"loaded": 0}
    from mostovi.node.synthetic import loading, stories

    if not settings.MOSTOVI.holds_persons:
        return {"loaded": 0, "stories": stories.load_region()}
    loaded = loading.load(people, progress=Tenths(people)).people
    return {"loaded": loaded, "stories": stories.load()}


class Tenths:
    """Tells the demo each time another tenth of a large world is done."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._told = 0

    def __call__(self, done: int) -> None:
        """`done` people are loaded."""
        tenth = done * 10 // self._total
        if self._total >= SMALL_WORLD and tenth > self._told:
            self._told = tenth
            sys.stderr.write(f"{PROGRESS}{done:,} of {self._total:,} people\n")
            sys.stderr.flush()


STEPS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "prepare": prepare,
    "gather": gather,
    "direct": direct,
    "populate": populate,
}


def take_step(steps: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]) -> int:
    """Take the step named on the command line inside the node of `MOSTOVI_HOME`.

    Its input is read from standard input, its result written as the last line of output.
    """
    startup.start_django(needs_node=True)
    result = steps[sys.argv[1]](json.load(sys.stdin))
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(take_step(STEPS))
