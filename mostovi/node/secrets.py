# SPDX-License-Identifier: EUPL-1.2
"""Small secrets of the node, kept as files readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Create `path` with mode 0600; an existing file is left as it is (`FileExistsError`)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def django_secret(keys: Path) -> str:
    """The node's Django secret; before `mostovi init` one that lasts for this process only."""
    path = keys / "django.secret"
    if path.exists():
        return path.read_text(encoding="ascii")
    return secrets.token_urlsafe(48)
