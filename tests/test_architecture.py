# SPDX-License-Identifier: EUPL-1.2
"""The house stays as docs/architecture.md draws it. `lint-imports` checks the directions."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mostovi"


def linter() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


def listed(section: str, option: str) -> list[str]:
    return linter()[f"importlinter:contract:{section}"][option].split()


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def test_every_package_has_its_place_in_the_house() -> None:
    packages = {f"mostovi.{p.parent.name}" for p in PACKAGE.glob("*/__init__.py")}
    assert set(listed("layers", "layers")) == packages
    inside_cases = set(listed("fields_of_cases", "modules"))
    domains = set(settings.DOMAINS)
    no_django = {"mostovi.content", "mostovi.paper"}
    assert packages - no_django | inside_cases | {"mostovi.routes.incidents"} == domains


def test_the_drawing_shows_every_package() -> None:
    drawing = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for package in listed("layers", "layers"):
        assert f"`{package.removeprefix('mostovi.')}`" in drawing


def test_pure_modules_exist() -> None:
    known = {name for name, _ in modules()}
    assert set(listed("pure", "source_modules")) <= known


def test_a_module_that_needs_no_django_is_held_to_it() -> None:
    """Once pure, always pure: a module that reaches no Django must be on the linter's list."""
    graph = grimp.build_graph("mostovi", include_external_packages=True, cache_dir=None)
    impure = {"django", *graph.find_downstream_modules("django")}
    domain = {
        name
        for name, _ in modules()
        if name.count(".") >= 2
        and name.split(".")[1] not in {"node", "content"}
        and not name.endswith(".__init__")
    }
    held = set(listed("pure", "source_modules"))
    assert sorted(domain - impure - held) == [], "add these to the pure modules of .importlinter"
    assert sorted(held - domain) == [], "these are gone; take them off the list"


def sources() -> list[Path]:
    own = [
        *PACKAGE.rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "benchmarks").rglob("*.py"),
    ]
    return [path for path in own if "migrations" not in path.parts]


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_file_says_its_licence_and_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        return
    assert "SPDX-License-Identifier: EUPL-1.2" in "\n".join(text.splitlines()[:2])
    assert ast.get_docstring(ast.parse(text)), "its first statement says what the module knows"


def test_no_file_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "stuff", "manager"}
    assert [path for path in sources() if path.stem in vague] == []


# Writes that go round the services would also go round access, audit and consent.
RAW_WRITE = re.compile(
    r"\.objects\.(?:create|bulk_create|update_or_create)\(|\.save\(|\.delete\(\)"
)
DOORS = frozenset({"views", "api", "commands", "rooms", "today", "urls"})


@pytest.mark.parametrize(
    "path",
    [p for n, p in modules() if p.stem in DOORS and n.split(".")[1] != "node"],
    ids=lambda p: p.relative_to(ROOT).as_posix(),
)
def test_doors_write_only_through_services(path: Path) -> None:
    assert RAW_WRITE.findall(path.read_text(encoding="utf-8")) == []
