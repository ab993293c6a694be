# SPDX-License-Identifier: EUPL-1.2
"""The room of transfers in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("transfers", _("Transfers"), "transfers:list", Action.READ, Kind.REFERRAL, "arrow-left-right"),
]
