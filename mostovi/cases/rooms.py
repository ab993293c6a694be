# SPDX-License-Identifier: EUPL-1.2
"""The rooms of cases and referrals in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("cases", _("Cases"), "cases:list", Action.READ, Kind.CASE, "folder2-open"),
    (
        "supervision",
        _("Supervision"),
        "cases:supervision",
        Action.READ,
        Kind.SUPERVISION,
        "eyeglasses",
    ),
    ("referrals", _("Referrals"), "cases:referrals", Action.READ, Kind.REFERRAL, "signpost-split"),
]
