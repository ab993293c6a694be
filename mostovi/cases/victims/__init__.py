# SPDX-License-Identifier: EUPL-1.2
"""Victims of trafficking and of violence: recovery, residence, compensation, statements."""
