# SPDX-License-Identifier: EUPL-1.2
"""The WSGI application: for `mostovi serve` and for any other WSGI server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mostovi.node.settings")


def _application() -> object:
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
    from mostovi.node import assets

    # Before the server looks at its static files, so that they go out compressed.
    assets.prepare()
    return get_wsgi_application()


application = _application()
