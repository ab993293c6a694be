# SPDX-License-Identifier: EUPL-1.2
"""Monthly counts, disclosure control and their regional exchange."""
