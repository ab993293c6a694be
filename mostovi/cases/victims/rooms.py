# SPDX-License-Identifier: EUPL-1.2
"""The investigators' one room: statements that persons agreed to give."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    (
        "statements", _("Statements"), "victims:statements", Action.READ, Kind.STATEMENT,
        "file-earmark-text",
    ),
]  # fmt: skip
