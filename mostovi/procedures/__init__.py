# SPDX-License-Identifier: EUPL-1.2
"""Declarative procedures: states, transitions, gates and legal clocks, drawn and exported."""
