# SPDX-License-Identifier: EUPL-1.2
"""The six partners as the pages name them. Kosovo* is always shown with its footnote."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: Mapping[str, str | Promise] = {
    "al": _("Albania"),
    "ba": _("Bosnia and Herzegovina"),
    "xk": _("Kosovo*"),
    "me": _("Montenegro"),
    "mk": _("North Macedonia"),
    "rs": _("Serbia"),
}
