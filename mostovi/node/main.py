# SPDX-License-Identifier: EUPL-1.2
"""The `mostovi` command: gathers the commands of all packages and answers with an exit status.

0: done. 1: done, and something was found that a person must look at. 2: the input was wrong and
nothing was changed. (70: a fault in Mostovi itself; 130: stopped by the user.) A handler is set
with `parser.set_defaults(handler=function)`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import sqlite3
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import mostovi
from mostovi.node import startup
from mostovi.node.config import ConfigurationError
from mostovi.node.logs import describe_error

DONE: Final = 0
FOUND: Final = 1
BAD_INPUT: Final = 2
FAULT: Final = 70
STOPPED: Final = 130

# In the order in which `mostovi --help` lists them.
OWN_COMMANDS: Final = (
    "demo", "init", "serve", "worker", "check", "backup", "restore", "synthetic",
)  # fmt: skip
# These run before a node exists, or start Django themselves in child processes.
WITHOUT_DJANGO: Final = frozenset({"demo", "init", "restore"})


def build_parser(
    names: Sequence[str] = OWN_COMMANDS, *, packages: bool = True
) -> argparse.ArgumentParser:
    """The parser of the whole command. With `packages`, Django must have been started."""
    parser = argparse.ArgumentParser(
        prog="mostovi",
        description="Shared case, exchange and evidence system: one node, run by one institution.",
        epilog="Exit status: 0 done, 1 something was found, 2 the input was wrong.",
    )
    parser.add_argument("--version", action="version", version=f"mostovi {mostovi.__version__}")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="the node's data folder (default: MOSTOVI_HOME)"
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name in names:
        importlib.import_module(f"mostovi.node.commands.{name}").register(subparsers)
    for module in _package_commands() if packages else ():
        importlib.import_module(module).register(subparsers)
    return parser


def _package_commands() -> list[str]:
    from django.apps import apps

    modules = [f"{config.name}.commands" for config in apps.get_app_configs()]
    return [
        module
        for module in modules
        if module.startswith("mostovi.")
        and module != "mostovi.node.commands"
        and importlib.util.find_spec(module) is not None
    ]


def take_home(arguments: Sequence[str]) -> tuple[Path | None, list[str]]:
    """The value of `--home`, wherever it stands, and the arguments without it."""
    home: Path | None = None
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--home":
            home = Path(next(words, "") or ".")
        elif word.startswith("--home="):
            home = Path(word.removeprefix("--home="))
        else:
            rest.append(word)
    return home, rest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; the entry point of `mostovi`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except KeyboardInterrupt:
        _complain("stopped")
        return STOPPED
    except BrokenPipeError:
        # The reader (`| head`) went away; writing to it again at exit would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except ConfigurationError as error:
        _complain(str(error))
    except FileNotFoundError as error:
        _complain(f"There is no file {error.filename}.")
    except PermissionError as error:
        _complain(f"{error.filename} may not be read or written by this user.")
    except IsADirectoryError as error:
        _complain(f"{error.filename} is a folder; name a file.")
    except Exception as error:  # noqa: BLE001 - the last door: say what happened, exit 70
        if (sentence := _explained(error)) is None:
            return _give_up(error)
        _complain(sentence)
    return BAD_INPUT


def _run(given: Sequence[str]) -> int:
    home, words = take_home(given)
    command = next((word for word in words if not word.startswith("-")), "")
    if command in WITHOUT_DJANGO:
        parser = build_parser((command,), packages=False)
        words = list(given)
    else:
        startup.use_home(home)
        startup.start_django(log_level="INFO" if command in {"serve", "worker"} else startup.QUIET)
        parser = build_parser()
    if not command:
        if words:
            parser.parse_args(words)
        parser.print_help()
        return BAD_INPUT
    options = parser.parse_args(words)
    if not hasattr(options, "handler"):
        _print_help(parser, command)
        return BAD_INPUT
    status: int | None = options.handler(options)
    return DONE if status is None else status


def _print_help(parser: argparse.ArgumentParser, command: str) -> None:
    """The help of a group such as `exchange`, when its second word is missing."""
    with contextlib.suppress(SystemExit):
        parser.parse_args([command, "--help"])


def _explained(error: Exception) -> str | None:
    """One sentence for faults whose cause a person can mend, else None."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management.base import CommandError
    from django.db import OperationalError, ProgrammingError

    if isinstance(error, CommandError):
        return str(error)
    if isinstance(error, ImproperlyConfigured):
        return f"The settings are wrong: {error}"
    missing = ("no such table", "does not exist", "unable to open", "no such column")
    if isinstance(error, OperationalError | ProgrammingError | sqlite3.OperationalError) and any(
        part in str(error) for part in missing
    ):
        return "The node's database is not set up or out of date. Run 'mostovi init --home DIR'."
    if isinstance(error, OperationalError):
        return "The node's database cannot be reached. Run 'mostovi check' to see why."
    return None


def _give_up(error: Exception) -> int:
    """An unforeseen fault: say where, without the message, which may be about a person."""
    if os.environ.get("MOSTOVI_TRACEBACK"):
        traceback.print_exception(error)
    _complain(
        f"An unforeseen fault: {describe_error(error)}. MOSTOVI_TRACEBACK=1 shows all of it, "
        "perhaps with personal data; SECURITY.md says where to report it."
    )
    return FAULT


def _complain(sentence: str) -> None:
    sys.stderr.write(f"mostovi: {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
