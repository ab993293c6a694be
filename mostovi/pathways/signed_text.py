# SPDX-License-Identifier: EUPL-1.2
"""The exact text that a lawyer signs: what one version, or one condition in it, says.

A condition means what it means only together with the definitions and parameters it names and the
acts it cites, which stand in the partner's own file, and with the lists of countries that all
partners share. They are part of the text; left out is what others said of it (`review`), for a
sign-off is not the law. The text is canonical YAML (keys in
order), so that moving a line does not undo a signature and changing a word does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_USED = {
    "definition": "definitions", "parameter": "parameters", "act": "acts",
    "in_list": "lists", "not_in_list": "lists",
}  # fmt: skip
"""Members that name an entry of the partner's file or a list, and the part where it stands."""


class NotInTheText(LookupError):
    """The pack has no such version, or the version no such condition."""


def text_to_sign(
    pack: Mapping[str, Any],
    partner: Mapping[str, Any],
    lists: Mapping[str, Any],
    version: str,
    condition: str = "",
) -> str:
    """What version `version` of `pack` says, or its `condition`; `version` is "" where it has none.

    pack and partner are the files as read from YAML, lists those of countries. Raises
    `NotInTheText`.
    """
    entries = dict(partner) | {"lists": lists}
    head = {name: pack.get(name) for name in ("partner", "pathway", "availability")}
    if version:
        found = _version(pack, version)
        said = _condition(found, entries, condition) if condition else found
        head["version"] = version
        head["condition" if condition else "law"] = said
    elif pack.get("versions"):
        raise NotInTheText(version)
    else:
        head["availability_note"] = pack.get("availability_note")
    plain = _without_reviews(head)
    return _canonical(plain | _named_in(plain, entries))


def digest_of(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _version(pack: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    for one in pack.get("versions") or ():
        if str(one.get("version")) == version:
            found: Mapping[str, Any] = one
            return found
    raise NotInTheText(version)


def _condition(
    version: Mapping[str, Any], entries: Mapping[str, Any], code: str
) -> Mapping[str, Any]:
    """The condition with everything it takes over from the groups around it.

    It may also stand inside a definition that the version uses.
    """
    conditions = version.get("conditions")
    used = list(_named_in(conditions, entries).get("definitions", {}).values())
    for one, above in _conditions([*(conditions or ()), *used], {}):
        if one.get("code") == code:
            return above | dict(one)
    raise NotInTheText(code)


_INHERITED = ("cite", "evidence", "confidence", "topic")


def _conditions(
    conditions: Any, above: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    for one in conditions if isinstance(conditions, list) else ():
        if not isinstance(one, Mapping):
            continue
        yield one, dict(above)
        below = dict(above) | {name: one[name] for name in _INHERITED if name in one}
        yield from _conditions(_members(one), below)


def _members(condition: Mapping[str, Any]) -> list[Any]:
    for name in ("any", "all"):
        if isinstance(condition.get(name), list):
            return list(condition[name])
    if isinstance(condition.get("not"), Mapping):
        return [condition["not"]]
    some = condition.get("at_least")
    return list(some.get("of") or ()) if isinstance(some, Mapping) else []


def _without_reviews(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_reviews(v) for k, v in value.items() if k != "review"}
    if isinstance(value, list):
        return [_without_reviews(one) for one in value]
    return value


def _named_in(said: Any, entries: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The definitions, parameters, acts and lists that `said` uses, and those they use."""
    used: dict[str, dict[str, Any]] = {}
    waiting = [said]
    while waiting:
        for member, name in _names(waiting.pop()):
            part = _USED[member]
            held = entries.get(part)
            known = used.setdefault(part, {})
            if isinstance(held, Mapping) and name in held and name not in known:
                known[name] = _without_reviews(held[name])
                waiting.append(known[name])
    return used


def _names(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _USED and isinstance(inner, str):
                yield key, inner
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


def _canonical(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=True, allow_unicode=True, width=96))
