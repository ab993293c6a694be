# SPDX-License-Identifier: EUPL-1.2
"""Persons, their names in several scripts, families, contact safety and consent."""
