# SPDX-License-Identifier: EUPL-1.2
"""The environment in which a benchmark starts a process of a node."""

from __future__ import annotations

import os

from mostovi.node.demo import STATIC, DemoNode


def environment(node: DemoNode) -> dict[str, str]:
    """Ours, without what belongs to another node."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MOSTOVI_", "DJANGO_"))}
    if modules := os.environ.get("MOSTOVI_NODE_MODULES"):
        kept["MOSTOVI_NODE_MODULES"] = modules
    return {**kept, "MOSTOVI_HOME": str(node.home), "MOSTOVI_STATIC_ROOT": str(STATIC)}
