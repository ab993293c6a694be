# SPDX-License-Identifier: EUPL-1.2
"""The `mostovi` command: help everywhere, exit status, one clear sentence for bad input."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostovi.node import initialise, main, serve
from mostovi.node.config import SETTINGS, ConfigurationError, NodeConfig, parse
from mostovi.node.demo import plan


def subcommands(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> list[tuple[str, ...]]:
    """Every command line prefix that names a parser."""
    found = [words]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                found += subcommands(inner, (*words, name))
    return found


COMMANDS = subcommands(main.build_parser())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main.build_parser().parse_args([*words, "--help"])
    assert left.value.code == 0
    assert "usage: mostovi" in capsys.readouterr().out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_does_something_or_asks_for_a_verb(words: tuple[str, ...]) -> None:
    parser = main.build_parser()
    for word in words:
        groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        parser = groups[0].choices[word]
    is_group = any(isinstance(a, argparse._SubParsersAction) for a in parser._actions)
    assert is_group or parser.get_default("handler") is not None


def test_every_own_command_is_listed() -> None:
    modules = {p.stem for p in Path(main.__file__).parent.joinpath("commands").glob("*.py")}
    assert set(main.OWN_COMMANDS) == modules - {"__init__"}


@pytest.mark.parametrize(
    ("given_words", "home", "rest"),
    [
        (["check"], None, ["check"]),
        (["--home", "a", "check", "--json"], Path("a"), ["check", "--json"]),
        (["check", "--home=a", "--json"], Path("a"), ["check", "--json"]),
        (["check", "--json", "--home", "a"], Path("a"), ["check", "--json"]),
    ],
)
def test_home_may_stand_anywhere(
    given_words: list[str], home: Path | None, rest: list[str]
) -> None:
    assert main.take_home(given_words) == (home, rest)


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MOSTOVI_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "mostovi.node.main", *words],
        capture_output=True, text=True, env={**kept, **environment}, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["init", "--home", "{home}"], "'code' is missing"),
        (["init", "--home", "{home}", "--code", "zz", "--name", "N"], "must start with one of"),
        (["init", "--home", "{home}", "--code", "ba"], "'name' is missing"),
        (["serve", "--home", "{home}"], "There is no node in"),
        (["check", "--home", "{home}"], "There is no node in"),
        (["restore", "--home", "{home}", "nowhere.backup"], "MOSTOVI_BACKUP_PASSPHRASE"),
        (["demo", "--nodes", "ba,ba"], "names a node twice"),
        (["demo", "--nodes", "de"], "'de' is not one of"),
        (["fly"], "invalid choice"),
        (["check", "--fly"], "unrecognized arguments"),
        ([], "usage: mostovi"),
    ],
)
def test_bad_input_is_explained_in_a_sentence(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    home = tmp_path / "home"
    done = run(*[word.replace("{home}", str(home)) for word in words], MOSTOVI_HOME=str(home))
    assert done.returncode == main.BAD_INPUT
    assert sentence in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not home.exists()


@pytest.mark.slow
def test_init_makes_a_private_folder_and_may_be_repeated(tmp_path: Path) -> None:
    home = tmp_path / "me"
    words = [
        "init",
        "--home",
        str(home),
        "--code",
        "me",
        "--name",
        'Centre "A" é',
        "--units",
        "a,b",
    ]
    first = run(*words, "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["made"] is True
    for path in (home, *home.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    secrets = (home / "keys/vault.master").read_bytes()
    again = run("init", "--home", str(home), "--json")
    assert json.loads(again.stdout)["made"] is False
    assert (home / "keys/vault.master").read_bytes() == secrets
    other = run("init", "--home", str(home), "--code", "ba", "--name", "Other")
    assert other.returncode == main.BAD_INPUT
    assert "already holds node 'me'" in other.stderr
    assert "Everything is in order" not in run("check", "--home", str(home)).stdout
    listed = run("worker", "--list", "--json", "--home", str(home))
    assert "rights.retention" in {row["job"] for row in json.loads(listed.stdout)}


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
        st.one_of(TEXTS, st.booleans(), st.integers(-(2**62), 2**62), st.lists(TEXTS),
                  st.dictionaries(TEXTS, TEXTS)),
    )
)  # fmt: skip
def test_settings_come_back_from_toml_as_written(values: dict[str, object]) -> None:
    assert tomllib.loads(initialise.to_toml(values)) == values


NODE = NodeConfig(code="me", name="N", home=Path("/nowhere"), base_url="http://127.0.0.1:8123")


@pytest.mark.parametrize(
    ("listen", "base_url", "expected"),
    [
        (None, "http://127.0.0.1:8123", "127.0.0.1:8123"),
        (None, "http://localhost", "127.0.0.1:80"),
        (None, "https://node.example.org", "127.0.0.1:8000"),
        ("0.0.0.0:80", "http://127.0.0.1:1", "0.0.0.0:80"),
        ("[::1]:8000", "http://127.0.0.1:1", "[::1]:8000"),
        ("9000", "http://127.0.0.1:1", "127.0.0.1:9000"),
        (":9000", "http://127.0.0.1:1", "127.0.0.1:9000"),
    ],
)
def test_where_a_node_listens(listen: str | None, base_url: str, expected: str) -> None:
    node = NodeConfig(code="me", name="N", home=Path("/nowhere"), base_url=base_url)
    assert str(serve.address(listen, node)) == expected


@pytest.mark.parametrize("listen", ["host", "host:", "host:0", "host:70000", "host:http"])
def test_a_wrong_address_is_explained(listen: str) -> None:
    with pytest.raises(ConfigurationError, match="HOST:PORT"):
        serve.address(listen, NODE)


def test_only_a_tls_proxy_is_believed() -> None:
    assert "trusted_proxy" not in serve.proxy_options("127.0.0.1", behind_https=False)
    assert serve.proxy_options("10.0.0.1", behind_https=True)["trusted_proxy"] == "10.0.0.1"


@pytest.mark.parametrize(
    ("codes", "steward"), [(["ba", "me", "secretariat"], "secretariat"), (["rs", "mk"], "rs")]
)
def test_one_node_of_the_demo_is_the_steward(codes: list[str], steward: str) -> None:
    nodes = plan(codes, 8000, Path("/nowhere"))
    assert [n.code for n in nodes if n.steward] == [steward]
    assert [n.port for n in nodes] == list(range(8000, 8000 + len(codes)))
    assert [n.settings({})["holds_persons"] for n in nodes] == [c != "secretariat" for c in codes]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"code": "me", "name": "N", "color": "x"}, "unknown key 'color'"),
        ({"code": "me", "name": "N", "units": "border"}, "'units' must be a list of texts"),
        ({"code": "me", "name": "N", "demo": "yes"}, "'demo' must be true or false"),
        ({"code": "me", "name": "N", "stewards": ["x"]}, "'stewards' must be a table of texts"),
        ({"code": "me", "name": "N", "steward_threshold": True}, "must be a number"),
        ({"code": "me", "name": {"en": "N"}}, "'name' must be a text"),
        ({"name": "N"}, "'code' is missing"),
    ],
)
def test_a_wrong_settings_file_names_its_key(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        parse(values, Path("/nowhere"))
    assert set(SETTINGS) == {f.name for f in dataclasses.fields(NodeConfig)} - {"home"}
