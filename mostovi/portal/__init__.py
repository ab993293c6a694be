# SPDX-License-Identifier: EUPL-1.2
"""What a person can see and do about the data held on them."""
