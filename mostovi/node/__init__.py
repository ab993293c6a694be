# SPDX-License-Identifier: EUPL-1.2
"""The composition root: settings, accounts, page shell, worker and commands."""
