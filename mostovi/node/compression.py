# SPDX-License-Identifier: EUPL-1.2
"""Pages travel compressed: on a phone at a border every kilobyte waits.

Only pages. Files and letters are sealed and do not shrink, and the API's readers are machines. A
page that holds a secret and words of the request could be guessed at by its length; Django pads
compressed answers by a random length and masks its form token anew each time against that
(Django, "GZipMiddleware"; Paper "Heal the Breach", 2022).
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Django's compression, for pages only."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """The page compressed when the browser takes it so; everything else as it is."""
        if not response.get("Content-Type", "").startswith("text/html"):
            return response
        answer: HttpResponseBase = super().process_response(request, response)
        return answer
