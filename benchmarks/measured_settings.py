# SPDX-License-Identifier: EUPL-1.2
"""The node's own settings with a bare view beside its pages, for `pages.py`."""

from mostovi.node.settings import *  # noqa: F403
from mostovi.node.settings import MIDDLEWARE as OWN

ROOT_URLCONF = "measured_urls"
MIDDLEWARE = ["measured_urls.CountStatements", *OWN]
