# SPDX-License-Identifier: EUPL-1.2
"""Cases and their referrals within and between nodes."""
