# SPDX-License-Identifier: EUPL-1.2
"""Take in the forms that Mostovi ships (`content/forms/`)."""

from __future__ import annotations

import logging

import yaml
from django.utils import timezone

from mostovi.content import CONTENT
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.screening.form_services import FormRefused, Imported, Review, import_form
from mostovi.screening.xlsform import FORMATS

logger = logging.getLogger(__name__)
SOURCE = "Mostovi"


def initialise() -> None:
    """Import every shipped form that is not here yet; a form changed without a new version stays.

    A file `NAME.yaml` beside `NAME.md` gives source, purpose and review.
    """
    for path in sorted((CONTENT / "forms").iterdir()):
        if path.suffix not in FORMATS:
            continue
        try:
            shipped(path.name)
        except FormRefused as refused:
            errors = len(refused.report.errors) if refused.report else 0
            logger.warning("shipped form not taken in", extra={"form": path.stem, "errors": errors})


def shipped(name: str) -> Imported:
    """Import one shipped form. Raises `FormRefused`."""
    path = CONTENT / "forms" / name
    beside = path.with_suffix(".yaml")
    facts = yaml.safe_load(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    review = facts.get("review") or {}
    return import_form(
        Actor.system(Purpose.GOVERNANCE),
        data=path.read_bytes(),
        name=name,
        purpose=Purpose(facts.get("purpose", Purpose.PROTECTION.value)),
        source=str(facts.get("source", SOURCE)),
        review=Review(
            status=str(review.get("status") or "unreviewed"),
            by=str(review.get("by") or ""),
            on=review.get("on"),
        ),
        now=timezone.now(),
    )
