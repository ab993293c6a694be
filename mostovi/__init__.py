# SPDX-License-Identifier: EUPL-1.2
"""Mostovi: the six Western Balkans partners' shared system for sustainable migration governance.

One sub-package for each domain. Data flows one way (intake, case, exchange, solution, statistics,
plan) and so do imports: each package may import only those beneath it, see `docs/architecture.md`.
"""

__version__ = "0.1.0"
