# SPDX-License-Identifier: EUPL-1.2
"""What a demonstration needs: a few invented places. A real node enters its own."""

from django.conf import settings
from django.utils import timezone

from mostovi.cases.alternatives.catalogue import places
from mostovi.cases.alternatives.models import Place


def initialise() -> None:
    """Enter the invented places of a demonstration node, when it has none."""
    if not (settings.MOSTOVI.demo and settings.MOSTOVI.holds_persons) or Place.objects.exists():
        return
    now = timezone.now()
    for entry in places():
        Place.objects.create(
            code=entry["code"], name=entry["name"], kind=entry["kind"],
            capacity=entry["capacity"], families=entry["families"], children=entry["children"],
            women_only=entry["women_only"], changed_at=now,
        )  # fmt: skip
