# SPDX-License-Identifier: EUPL-1.2
"""Alternatives to detention: screening first, least restrictive first, never a child."""
