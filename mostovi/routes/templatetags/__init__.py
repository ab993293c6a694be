# SPDX-License-Identifier: EUPL-1.2
"""Tags for pages of flows."""
