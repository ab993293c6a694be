# SPDX-License-Identifier: EUPL-1.2
"""Static files: gathered from installed packages once, named by content, compressed.

Only static files are compressed. Pages are not: they hold secrets (form tokens) beside text an
attacker may choose, and compressing both together can give the secret away (BREACH).
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

log = logging.getLogger(__name__)

IGNORED = ("*.md", "*.txt", "*.ts", "bootstrap-*.css*", "*.esm.*", "*.scss")
"""Not for browsers, or never asked for."""


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names files by content; before they have been gathered, by their plain name."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        """The name with its hash, or `name` itself while nothing has been gathered."""
        known = self.hashed_files.get(self.hash_key(self.clean_name(name)))
        return str(known) if known else name


def prepare() -> bool:
    """Gather and compress when something changed since the last time; False when nothing had to."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / "gathered"
    state = _state()
    if stamp.exists() and stamp.read_text(encoding="ascii") == state:
        return False
    call_command(
        "collectstatic", interactive=False, verbosity=0, ignore_patterns=list(IGNORED), clear=False
    )
    stamp.write_text(state, encoding="ascii")
    log.info("static files gathered")
    return True


def _state() -> str:
    """A hash of every file's name, size and time."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(list(IGNORED)):
            about = Path(storage.path(name)).stat()
            digest.update(f"{name}:{about.st_size}:{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
