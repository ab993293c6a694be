# SPDX-License-Identifier: EUPL-1.2
"""`mostovi serve`: answer browsers, devices and other nodes."""

from __future__ import annotations

import argparse

from mostovi.node import startup


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "serve",
        help="run the node: pages, API, exchange and background work",
        description="Run the node until it is stopped (Ctrl-C or SIGTERM), which it does after "
        "finishing what is in hand. Put a TLS proxy in front of it in production.",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        help="where to listen (default: the port of base_url on this machine)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=8,
        metavar="N",
        help="requests answered side by side (default: %(default)s)",
    )
    parser.add_argument(
        "--no-worker", action="store_true", help="background work runs in 'mostovi worker' instead"
    )
    parser.add_argument(
        "--trusted-proxy",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the TLS proxy, when base_url is https (default: %(default)s)",
    )
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Serve until stopped."""
    startup.keep_private()
    startup.start_django(needs_node=True)
    from django.conf import settings

    from mostovi.node.backup import node_running
    from mostovi.node.serve import address, serve

    where = address(options.listen, settings.MOSTOVI)
    print(f"{settings.MOSTOVI.name} ({settings.MOSTOVI.code}): http://{where}/", flush=True)
    with node_running(settings.MOSTOVI.home):
        serve(
            where,
            threads=options.threads,
            with_worker=not options.no_worker,
            proxy=options.trusted_proxy,
        )
    return 0
