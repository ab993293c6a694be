# SPDX-License-Identifier: EUPL-1.2
"""What a page that waits for a run of heavy work asks for (`shell/waits.html`, `node/waits.js`)."""

from __future__ import annotations

from django.http import JsonResponse

from mostovi.procedures.batches import Batch


def progress(run: Batch, words: str) -> JsonResponse:
    """How far the run is, in `words` for people; no cache keeps it."""
    answer = JsonResponse({"state": run.state, "percent": run.percent, "words": words})
    answer["Cache-Control"] = "no-store"
    return answer
