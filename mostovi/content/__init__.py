# SPDX-License-Identifier: EUPL-1.2
"""Data that changes by country or by law, each file with source, version, language and review status."""

from pathlib import Path

CONTENT = Path(__file__).parent
