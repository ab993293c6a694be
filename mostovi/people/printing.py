# SPDX-License-Identifier: EUPL-1.2
"""The printed code as a QR drawing, made here so that no code leaves the node."""

from __future__ import annotations

import io

import qrcode
from django.conf import settings
from qrcode.image.svg import SvgPathImage


def own_file_address() -> str:
    """Where a person opens their own file."""
    return f"{settings.MOSTOVI.base_url.rstrip('/')}/my-file/"


def code_drawing(code: str) -> str:
    """An SVG drawing of the address with the code behind `#`.

    What stands behind `#` stays in the reader's browser and comes into no server's log.
    """
    drawing = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=3, box_size=8)
    drawing.add_data(f"{own_file_address()}#{code}")
    image = drawing.make_image(image_factory=SvgPathImage)
    written = io.BytesIO()
    image.save(written)
    text = written.getvalue().decode()
    # Only the drawing, so that it can stand inside a page.
    return text[text.index("<svg") :].replace("<svg", '<svg class="qr" aria-hidden="true"', 1)
