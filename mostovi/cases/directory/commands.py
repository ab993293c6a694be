# SPDX-License-Identifier: EUPL-1.2
"""Commands of the directory: `services import FILE`, `services export --out FILE`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mostovi.cases.directory import services
from mostovi.cases.directory.hsds import Unreadable
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    parser = subparsers.add_parser("services", help="the directory of services (HSDS 3.1)")
    actions = parser.add_subparsers(dest="action", required=True)
    take_in = actions.add_parser("import", help="take in an HSDS file; all rows or none")
    take_in.add_argument("file", type=Path)
    take_in.add_argument("--node", default="", help="node of services that name none")
    take_in.add_argument("--json", action="store_true", help="print the report as JSON")
    take_in.set_defaults(handler=_import)
    export = actions.add_parser("export", help="write all services as HSDS")
    export.add_argument("--format", choices=["json", "csv"], default="json")
    export.add_argument("--out", type=Path, required=True)
    export.set_defaults(handler=_export)


def _actor() -> Actor:
    return Actor.system(Purpose.GOVERNANCE)


def _import(options: argparse.Namespace) -> int:
    try:
        data = options.file.read_bytes()
        report = services.import_file(_actor(), data, node=options.node)
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 2
    except Unreadable as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 2
    except services.RowsRefused as refused:
        if options.json:
            print(json.dumps({"troubles": [asdict(one) for one in refused.troubles]}))
        for one in refused.troubles if not options.json else ():
            print(f"{one.where}, row {one.row}, {one.field}: {one.message}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(asdict(report)))
    else:
        print(
            f"{len(report.added)} new, {len(report.changed)} changed, {len(report.same)} as before"
        )
    return 0


def _export(options: argparse.Namespace) -> int:
    options.out.write_bytes(services.exported(_actor(), form=options.format))
    print(options.out)
    return 0
