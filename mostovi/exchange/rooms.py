# SPDX-License-Identifier: EUPL-1.2
"""The exchange room in the left rail, for those who run the node."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("exchange", _("Exchange"), "exchange:status", Action.READ, Kind.PEER, "arrow-left-right"),
]
