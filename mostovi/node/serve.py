# SPDX-License-Identifier: EUPL-1.2
"""Serving a node over HTTP with waitress, the worker in the same process by default."""

from __future__ import annotations

import gc
import logging
import os
import resource
import signal
import socket
import threading
import time
from dataclasses import dataclass
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from mostovi.node.config import ConfigurationError, NodeConfig
from mostovi.node.worker import Worker

log = logging.getLogger(__name__)

LARGEST_REQUEST = 256 * 1024 * 1024
MOST_CONNECTIONS = 4000
IDLE_SECONDS = 60
FILES_FOR_OTHERS = 200
"""Databases, blobs, logs and letters on their way, beside the connections of browsers."""


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def address(listen: str | None, node: NodeConfig) -> Address:
    """`HOST:PORT` as given, else the address in `base_url` when it is plain HTTP, else loopback.

    Raises `ConfigurationError` for a text that is not `HOST:PORT`.
    """
    if listen is None:
        parts = urlsplit(node.base_url)
        if parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}:
            return Address("127.0.0.1", parts.port or 80)
        return Address("127.0.0.1", 8000)
    host, _, port = listen.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise ConfigurationError(f"--listen '{listen}' must be HOST:PORT, such as 127.0.0.1:8000.")
    return Address(host.strip("[]") or "127.0.0.1", int(port))


def refuse_taken(where: Address) -> None:
    """Raise `ConfigurationError` when another program already listens there."""
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((where.host, where.port))
        except OSError as error:
            raise ConfigurationError(
                f"{where} cannot be listened on ({error.strerror}). Choose another with --listen."
            ) from error


def proxy_options(proxy: str, *, behind_https: bool) -> dict[str, Any]:
    """What waitress may believe of forwarded headers: only the one proxy, only behind TLS.

    Client addresses then come from the proxy, so lock-outs and the metrics door see the real one.
    """
    if not behind_https:
        return {"clear_untrusted_proxy_headers": True}
    return {
        "clear_untrusted_proxy_headers": True,
        "trusted_proxy": proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }


def most_connections() -> int:
    """How many may stay open: an office's browsers, within what the system lets this process open.

    waitress' own limit of 100 is reached by seventeen browsers, and the next one then waits in
    silence.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + FILES_FOR_OTHERS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(100, soft - FILES_FOR_OTHERS)
    return MOST_CONNECTIONS


def serve(
    where: Address, *, threads: int = 8, with_worker: bool = True, proxy: str = "127.0.0.1"
) -> None:
    """Answer requests until SIGTERM or SIGINT, then finish what is in hand and return."""
    from django.conf import settings
    from django.urls import get_resolver
    from waitress.server import create_server

    from mostovi.node.wsgi import application

    refuse_taken(where)
    # Addresses are imported at the first request otherwise, and a fault would show only then.
    get_resolver().url_patterns  # noqa: B018
    _settle()
    server = create_server(
        application,
        host=where.host,
        port=where.port,
        threads=threads,
        ident="mostovi",
        max_request_body_size=LARGEST_REQUEST,
        connection_limit=most_connections(),
        # select() goes no further than 1,024 files; a browser keeps six connections open.
        asyncore_use_poll=True,
        channel_timeout=IDLE_SECONDS,
        **proxy_options(proxy, behind_https=settings.BEHIND_HTTPS),
    )
    worker = Worker() if with_worker else None

    def stop(number: int, frame: FrameType | None) -> None:
        # Later signals are ignored while the requests and jobs in hand are finished.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if os.environ.get("MOSTOVI_STOP_WITH_PARENT"):
        threading.Thread(target=_stop_with_parent, name="parent", daemon=True).start()
    if worker:
        worker.start()
    log.info("serving", extra={"count": threads})
    try:
        server.run()
    finally:
        server.close()
        if worker and not worker.finish():
            log.warning("worker did not stop in time; its job will run again")
        log.info("stopped serving")


def _settle() -> None:
    """Spare the collector what stays for good, and let it look less often.

    What was loaded at the start is a quarter of a million objects that a full look would go through
    in the middle of somebody's page; and a page makes some thousand objects that counting frees.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _stop_with_parent() -> None:
    """Leave when the demo that started this node was killed, so that no node is orphaned."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
