# SPDX-License-Identifier: EUPL-1.2
"""Data that changes by country or by law: each file has source, version, language and review."""

from pathlib import Path

CONTENT = Path(__file__).parent
