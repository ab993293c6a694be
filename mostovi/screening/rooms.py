# SPDX-License-Identifier: EUPL-1.2
"""Screening's rooms in the left rail."""

from django.utils.translation import gettext_lazy as _

from mostovi.rights.access import Action, Kind

ROOMS = [
    ("screening", _("Forms"), "screening:forms", Action.READ, Kind.FORM, "ui-checks"),
    (
        "submissions", _("Filled forms"), "screening:submissions", Action.READ, Kind.SUBMISSION,
        "inboxes",
    ),
    ("devices", _("Field devices"), "screening:devices", Action.READ, Kind.DEVICE, "phone"),
]  # fmt: skip
