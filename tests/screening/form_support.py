# SPDX-License-Identifier: EUPL-1.2
"""A small form, ways to fill it, and a client that speaks like ODK Collect."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.test import Client

from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import Role
from mostovi.screening.device_services import NewDevice, add_device
from mostovi.screening.form_services import import_form
from mostovi.screening.models import FormVersion

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

FORM = """
| survey | | | | | |
| | type | name | label::English (en) | label::العربية (ar) | relevant |
| | begin_group | journey | The journey | الرحلة | |
| | select_one yes_no_unknown | paid | Did you pay somebody? | هل دفعت لأحد؟ | |
| | integer | amount | How much? | كم؟ | ${paid} = 'yes' |
| | select_multiple means | means | How did you travel? | كيف سافرت؟ | |
| | end_group | | | | |
| | begin_repeat | children | A child | طفل | |
| | text | name | Name | الاسم | |
| | integer | age | Age | العمر | |
| | end_repeat | | | | |
| | image | photo | Photograph | صورة | |
| | note | thanks | Thank you. | شكرا. | |
| choices | | | | |
| | list_name | name | label::English (en) | label::العربية (ar) |
| | yes_no_unknown | yes | Yes | نعم |
| | yes_no_unknown | no | No | لا |
| | yes_no_unknown | unknown | Does not know | لا يعرف |
| | means | foot | On foot | سيرا |
| | means | lorry | In a lorry | في شاحنة |
| settings | | | |
| | form_id | form_title | version |
| | journey | The journey | 1 |
"""


def administrator() -> Actor:
    """May import forms; reads no personal data."""
    return Actor(uuid4(), Role.ADMINISTRATOR, Purpose.GOVERNANCE, "border")


def responder(unit: str = "border") -> Actor:
    """May fill forms and read its unit's submissions."""
    return Actor(uuid4(), Role.FIRST_RESPONDER, Purpose.PROTECTION, unit)


def imported(text: str = FORM, name: str = "journey.md", **options: Any) -> FormVersion:
    """The form of `text`, stored."""
    return import_form(administrator(), data=text.encode(), name=name, now=NOW, **options).version


def imported_file(path: Path) -> FormVersion:
    """The form of a workbook, repaired where that is safe."""
    return import_form(
        administrator(), data=path.read_bytes(), name=path.name, repairing=True, now=NOW
    ).version


def filled(
    *,
    instance_id: str = "",
    deprecated: str = "",
    form_id: str = "journey",
    version: str = "1",
    body: str = "<journey><paid>yes</paid><amount>900</amount></journey>",
) -> bytes:
    """A filled form."""
    old = f"<deprecatedID>{deprecated}</deprecatedID>" if deprecated else ""
    return (
        f'<data id="{form_id}" version="{version}">{body}<meta>'
        f"<instanceID>{instance_id or f'uuid:{uuid4()}'}</instanceID>{old}</meta></data>"
    ).encode()


def multipart(
    parts: Mapping[str, bytes | str], *, boundary: str = "----collect", cut: int = 0
) -> tuple[bytes, str]:
    """A body as Collect sends it, and its content type; `cut` takes bytes off the end."""
    lines = []
    for name, content in parts.items():
        file = "" if name.startswith("*") else f'; filename="{name}"'
        kind = "text/xml" if name == "xml_submission_file" else "application/octet-stream"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'
        if file:
            head += f"Content-Type: {kind}\r\n"
        data = content.encode() if isinstance(content, str) else content
        lines.append(head.encode() + b"\r\n" + data + b"\r\n")
    body = b"".join(lines) + f"--{boundary}--\r\n".encode()
    return (body[:-cut] if cut else body), f"multipart/form-data; boundary={boundary}"


class Collect:
    """Speaks OpenRosa with Digest, as ODK Collect's HTTP library does."""

    def __init__(self, device: NewDevice, client: Client | None = None) -> None:
        self.name, self.password = device.device.username, device.password
        self.client = client or Client()
        self.nonce = ""
        self.count = 0

    def authorization(self, method: str, uri: str, *, count: int | None = None) -> str:
        self.count += 1
        number = f"{count or self.count:08x}"
        client_nonce = secrets.token_hex(8)
        first = _md5(f"{self.name}:Mostovi me:{self.password}")
        response = _md5(
            f"{first}:{self.nonce}:{number}:{client_nonce}:auth:{_md5(f'{method}:{uri}')}"
        )
        return (
            f'Digest username="{self.name}", realm="Mostovi me", nonce="{self.nonce}", '
            f'uri="{uri}", qop=auth, nc={number}, cnonce="{client_nonce}", '
            f'response="{response}", algorithm=MD5'
        )

    def challenge(self, uri: str = "/openrosa/formList") -> HttpResponse:
        answer = self.client.get(uri)
        assert answer.status_code == 401, answer.content
        self.nonce = re.search(r'nonce="([^"]+)"', answer["WWW-Authenticate"]).group(1)  # type: ignore[union-attr]
        self.count = 0
        return answer

    def request(self, method: str, uri: str, **options: Any) -> Any:
        if not self.nonce:
            self.challenge()
        return self.client.generic(
            method, uri, headers={"Authorization": self.authorization(method, uri)}, **options
        )

    def get(self, uri: str) -> Any:
        return self.request("GET", uri)

    def submit(self, parts: Mapping[str, bytes | str], *, cut: int = 0) -> Any:
        body, kind = multipart(parts, cut=cut)
        return self.request("POST", "/openrosa/submission", data=body, content_type=kind)


PASSWORD = "four quiet bridges stand"


def account_for(actor: Actor) -> str:
    """A real account behind the actor, holding its role; returns its name."""
    from mostovi.node.models import Account, Membership

    account = Account(
        pk=actor.account, username=f"a{actor.account.hex[:10]}", display_name="Test account"
    )
    account.set_password(PASSWORD)
    account.save(force_insert=True)
    Membership.objects.create(
        account=account, role=actor.role.value, unit=actor.unit, granted_by=UUID(int=0)
    )
    return account.username


def signed_in(actor: Actor, **options: Any) -> Client:
    """A client that signed in at the real entrance as an account with the actor's role."""
    from django.core.cache import cache

    cache.clear()
    client = Client(**options)
    answer = client.post("/accounts/login/", {"login": account_for(actor), "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


def device_for(actor: Actor) -> NewDevice:
    """A device of an account that really holds the actor's role."""
    account_for(actor)
    return add_device(actor, label="tablet", now=NOW)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
