# SPDX-License-Identifier: EUPL-1.2
"""Incidents: the investigators' own store, its links, joint investigations.

Reads no protection data (R1): `.importlinter` keeps it apart from people, cases and screening.
"""
