# SPDX-License-Identifier: EUPL-1.2
"""Standing behind an X-Road Security Server: its addresses and its headers.

X-Road carries a request and its answer only, so a business reply is a letter of its own. The
Security Server rewrites Host and may change Content-Length: trust lies in the letter, never in
these headers. Rules read in the X-Road REST message protocol (PR-REST); `docs/exchange.md` says
which version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

PROTOCOL_VERSION = "r1"
_PARTS = ("instance", "member class", "member code", "subsystem")


def _identifier(text: str, what: str, least: int, most: int) -> tuple[str, ...]:
    parts = tuple(text.split("/"))
    if not least <= len(parts) <= most or not all(part.strip() for part in parts):
        shape = "/".join(_PARTS) + ("/service" if most == 5 else "")
        raise ValueError(f"{what} must be written as {shape}")
    return parts


@dataclass(frozen=True)
class XRoadRoute:
    """How to reach one peer through our Security Server.

    `client` is our own subsystem (INSTANCE/CLASS/MEMBER/SUBSYSTEM), `service` the peer's
    (.../SUBSYSTEM/SERVICE).
    """

    client: str
    service: str

    def __post_init__(self) -> None:
        _identifier(self.client, "The X-Road client", 3, 4)
        _identifier(self.service, "The X-Road service", 4, 5)

    def path(self, rest: str) -> str:
        """The path on the Security Server: `/r1/<service>/<rest>`."""
        service = "/".join(quote(part, safe="") for part in self.service.split("/"))
        return f"/{PROTOCOL_VERSION}/{service}/{rest.lstrip('/')}"

    def headers(self, *, letter_id: str, officer: str, thread: str) -> dict[str, str]:
        """The headers of one request; `officer` is a pseudonymous handle, never a name."""
        client = "/".join(quote(part, safe="") for part in self.client.split("/"))
        return {
            "X-Road-Client": client,
            "X-Road-Id": letter_id,
            "X-Road-UserId": officer,
            "X-Road-Issue": thread,
        }


@dataclass(frozen=True)
class XRoadRequest:
    """What a Security Server said of an incoming request."""

    client: str = ""
    message: str = ""
    user: str = ""
    issue: str = ""
    request_hash: str = ""


def read_headers(headers: Mapping[str, str]) -> XRoadRequest:
    """The X-Road headers of a request (names in any case); over-long values are cut."""
    lower = {name.lower(): value for name, value in headers.items()}

    def value(name: str) -> str:
        return lower.get(name, "")[:200]

    return XRoadRequest(
        client=value("x-road-client"),
        message=value("x-road-id"),
        user=value("x-road-userid"),
        issue=value("x-road-issue"),
        request_hash=value("x-road-request-hash"),
    )
