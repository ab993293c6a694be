# SPDX-License-Identifier: EUPL-1.2
"""The documents of the OpenRosa interface, exactly as ODK Collect wants them. Pure: no Django.

Sources: https://docs.getodk.org/openrosa-form-list/, https://docs.getodk.org/openrosa-form-submission/,
https://docs.getodk.org/openrosa-http/. One entry of a form list without formID, name or
downloadUrl makes Collect refuse the whole list, so such an entry cannot be made here.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

FORM_LIST = "http://openrosa.org/xforms/xformsList"
MANIFEST = "http://openrosa.org/xforms/xformsManifest"
RESPONSE = "http://openrosa.org/http/response"
VERSION = "1.0"
CONTENT_TYPE = "text/xml; charset=utf-8"
MAXIMUM_BYTES = 50 * 1024 * 1024
"""What one request may carry; Collect splits its files so that each request stays below."""


class IncompleteEntry(ValueError):
    """An entry lacks what the specification requires; it must not reach a device."""


@dataclass(frozen=True)
class FormEntry:
    """One form on the list. `manifest_url` is empty for a form without media."""

    form_id: str
    name: str
    version: str
    hash: str
    download_url: str
    manifest_url: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        for field in ("form_id", "name", "hash", "download_url"):
            if not getattr(self, field).strip():
                raise IncompleteEntry(f"a form list entry has no {field}")


@dataclass(frozen=True)
class MediaEntry:
    """One file on a manifest."""

    name: str
    hash: str
    download_url: str

    def __post_init__(self) -> None:
        for field in ("name", "hash", "download_url"):
            if not getattr(self, field).strip():
                raise IncompleteEntry(f"a manifest entry has no {field}")


def form_list(entries: Iterable[FormEntry]) -> str:
    """The form list."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<xforms xmlns="{FORM_LIST}">']
    for entry in entries:
        lines.append("<xform>")
        lines.append(_element("formID", entry.form_id))
        lines.append(_element("name", entry.name))
        lines.append(_element("version", entry.version))
        lines.append(_element("hash", entry.hash))
        if entry.description:
            lines.append(_element("descriptionText", entry.description))
        lines.append(_element("downloadUrl", entry.download_url))
        if entry.manifest_url:
            lines.append(_element("manifestUrl", entry.manifest_url))
        lines.append("</xform>")
    lines.append("</xforms>")
    return "\n".join(lines)


def manifest(entries: Iterable[MediaEntry]) -> str:
    """The list of a form's media files."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<manifest xmlns="{MANIFEST}">']
    for entry in entries:
        lines.append("<mediaFile>")
        lines.append(_element("filename", entry.name))
        lines.append(_element("hash", entry.hash))
        lines.append(_element("downloadUrl", entry.download_url))
        lines.append("</mediaFile>")
    lines.append("</manifest>")
    return "\n".join(lines)


def response(message: str, nature: str = "") -> str:
    """What Collect shows after a submission; `nature` as in the specification, may be empty."""
    marked = f' nature="{nature}"' if nature else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<OpenRosaResponse xmlns="{RESPONSE}">'
        f"<message{marked}>{escape(message)}</message></OpenRosaResponse>"
    )


def collect_settings(
    *, server_url: str, username: str, password: str, project: str, colour: str
) -> str:
    """The text of the QR code that sets ODK Collect up: JSON, deflated, base64.

    Sent submissions leave the device: what a person said must not stay on a lost phone.
    """
    settings = {
        "general": {
            "protocol": "odk_default",
            "server_url": server_url,
            "username": username,
            "password": password,
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
            "delete_send": True,
            "analytics": False,
        },
        "admin": {},
        "project": {"name": project, "icon": "M", "color": colour},
    }
    packed = json.dumps(settings, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(packed, 9)).decode("ascii")


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
