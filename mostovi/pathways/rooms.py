# SPDX-License-Identifier: EUPL-1.2
"""The rooms of the law and of reforms in the left rail."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS: list[tuple[str, str | Promise, str, Action, Kind, str]] = [
    ("pathways", _("Law of pathways"), "pathways:room", Action.READ, Kind.LAW, "journal-text"),
    ("reforms", _("Reforms of law"), "pathways:reforms", Action.READ, Kind.REFORM, "pencil-square"),
]
