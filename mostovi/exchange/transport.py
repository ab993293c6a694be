# SPDX-License-Identifier: EUPL-1.2
"""Carrying bytes to another node: kept connections, client certificates, no redirects."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import urllib3
from urllib3.exceptions import HTTPError

ANSWER_LIMIT: Final = 2_000_000
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 20.0


class Unreachable(Exception):
    """No answer: trying again later may help. The message holds no address and no content."""


@dataclass(frozen=True)
class Reply:
    """An answer, at most `limit` bytes of it."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Transport(Protocol):
    """Sends one request and waits for the answer."""

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = ANSWER_LIMIT,
    ) -> Reply:
        """The answer, whatever its status; raises `Unreachable`."""


class HttpTransport:
    """HTTP(S) with connections kept open.

    With `tls-client.pem` (certificate and key) in `folder` the node shows it (mutual TLS); with
    `tls-ca.pem` only that authority is trusted.
    """

    def __init__(self, folder: Path | None = None) -> None:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if folder is not None and (folder / "tls-ca.pem").exists():
            context = ssl.create_default_context(cafile=str(folder / "tls-ca.pem"))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        if folder is not None and (folder / "tls-client.pem").exists():
            context.load_cert_chain(str(folder / "tls-client.pem"))
        self._pool = urllib3.PoolManager(
            num_pools=50,
            maxsize=4,
            retries=False,
            ssl_context=context,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = ANSWER_LIMIT,
    ) -> Reply:
        """The answer; a redirect is an answer like any other and never followed."""
        try:
            answer = self._pool.request(
                method,
                url,
                body=body,
                headers={"User-Agent": "mostovi", **(headers or {})},
                redirect=False,
                preload_content=False,
            )
            try:
                content = answer.read(limit + 1, decode_content=False)
                if len(content) > limit:
                    raise Unreachable("the answer is larger than agreed")
                answer.drain_conn()
            finally:
                answer.release_conn()
        except (HTTPError, OSError, ValueError) as error:
            raise Unreachable(type(error).__name__) from error
        return Reply(answer.status, content, dict(answer.headers))


@lru_cache(maxsize=4)
def _transport_of(folder: Path) -> HttpTransport:
    return HttpTransport(folder)


def http_transport() -> Transport:
    """The transport of this node, shared by its threads."""
    from django.conf import settings

    return _transport_of(settings.MOSTOVI.keys / "exchange")
