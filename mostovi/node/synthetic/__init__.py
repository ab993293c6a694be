# SPDX-License-Identifier: EUPL-1.2
"""The synthetic world: invented people for demonstrations, tests and measurements.

`lists` reads the content, `world` generates (pure, streaming), `load` writes into a node.
"""

from __future__ import annotations


def load(code: str, people: int) -> int:
    """Load `people` invented people into this node (`code`); returns how many it holds persons for.

    A node that holds no persons (the secretariat's) gets none. Django must have been started.
    """
    from django.conf import settings

    from mostovi.node.synthetic import loading

    if code != settings.MOSTOVI.code or not settings.MOSTOVI.holds_persons:
        return 0
    return loading.load(people).people
