# SPDX-License-Identifier: EUPL-1.2
"""The room of family tracing in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("tracing", _("Family tracing"), "tracing:list", Action.READ, Kind.TRACING, "people"),
]
