# SPDX-License-Identifier: EUPL-1.2
"""The rules of a partner on a day as they travel to a telephone: `pathways.exporting`, made small.

What the pages already say in words (titles, sources, documents, fees) is left out; what the
evaluator in the browser (`static/portal/ways/ways.js`) decides with stays as it is. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mostovi.pathways.exporting import to_json
from mostovi.pathways.expressions import facts_of
from mostovi.pathways.rules import RuleSet

_PATHWAY = ("pathway", "first", "digest", "signed_off", "diagram")
_CONDITION = ("kind", "signed", "fact", "how", "value", "count")


def facts_asked(rules: RuleSet) -> frozenset[str]:
    """The facts that the rules can ask for."""
    return frozenset(fact for rule in rules.rules for fact in facts_of(rule.expression))


def small(rules: RuleSet) -> dict[str, Any]:
    """What the browser's evaluator needs of the rules."""
    whole = to_json(rules)
    return {
        "on": whole["on"],
        "facts": whole["facts"],
        "conflicts": whole["conflicts"],
        "pathways": [
            {key: pathway[key] for key in _PATHWAY if key in pathway}
            | {"rule": _tree(pathway["rule"])}
            for pathway in whole["pathways"]
        ],
    }


def _tree(condition: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: condition[key] for key in _CONDITION if key in condition}
    if "parts" in condition:
        found["parts"] = [_tree(part) for part in condition["parts"]]
    return found
