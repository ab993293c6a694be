# SPDX-License-Identifier: EUPL-1.2
"""Documentation is true: what exists is described, and what is described exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mostovi.node.config import SETTINGS
from mostovi.node.logs import FIELDS
from mostovi.rights.audit import AuditTag
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from tests.node.test_operations_command import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_reference_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "script/reference"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_described(name: str) -> None:
    assert re.search(rf"\| `{name}` \| [^|]+ \| \S", REFERENCE)


@pytest.mark.parametrize("tag", sorted(AuditTag))
def test_every_audit_tag_is_listed(tag: str) -> None:
    assert f"- `{tag}`" in REFERENCE


@pytest.mark.parametrize("name", sorted([*Role, *Purpose]))
def test_every_role_and_purpose_is_described(name: str) -> None:
    assert f"| `{name}` |" in REFERENCE


@pytest.mark.parametrize(
    "path", sorted((ROOT / "mostovi/content/profiles").glob("*.json")), ids=lambda p: p.stem
)
def test_every_letter_type_is_described(path: Path) -> None:
    description = json.loads(path.read_text(encoding="utf-8"))["description"]
    assert f"`{path.stem}`" in REFERENCE
    assert description.replace("|", "\\|") in REFERENCE


@pytest.mark.parametrize("words", [words for words in COMMANDS if words], ids=" ".join)
def test_every_command_is_described(words: tuple[str, ...]) -> None:
    assert f"`mostovi {' '.join(words)}" in REFERENCE


def packages_asked_for() -> list[str]:
    names = []
    for path in (ROOT / "requirements.in", ROOT / "requirements-dev.in"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith(("-", "#")):
                names.append(re.split(r"[\[<>=;\s]", line.strip())[0])
    return [*names, *json.loads((ROOT / "package.json").read_text())["dependencies"]]


@pytest.mark.parametrize("name", packages_asked_for())
def test_every_dependency_has_its_line(name: str) -> None:
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| {re.escape(name)} \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)


def test_no_dependency_is_described_that_is_gone() -> None:
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| ([@\w./-]+) \| ", text, re.MULTILINE))
    assert described - {"package", "---"} == set(packages_asked_for())


LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, heading = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}
            assert heading in slugs, target


SHOWN = re.compile(r"(?:^ *|`)(?:\.venv/bin/)?mostovi ([a-z]+)", re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_that_are_shown_exist(path: Path) -> None:
    known = {words[0] for words in COMMANDS if words}
    assert set(SHOWN.findall(path.read_text(encoding="utf-8"))) <= known


def test_every_variable_of_the_environment_is_described() -> None:
    named = set()
    for path in (ROOT / "mostovi").rglob("*.py"):
        named |= set(re.findall(r'"(MOSTOVI_[A-Z_]+)"', path.read_text(encoding="utf-8")))
    internal = {"MOSTOVI_STOP_WITH_PARENT", "MOSTOVI_"}
    assert [name for name in sorted(named - internal) if f"`{name}`" not in REFERENCE] == []


def test_log_fields_are_codes_of_the_program() -> None:
    assert all(re.fullmatch(r"[a-z_]+", field) for field in FIELDS)
    assert not {"name", "phone", "email", "path", "query", "user", "address"} & set(FIELDS)
