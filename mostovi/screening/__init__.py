# SPDX-License-Identifier: EUPL-1.2
"""Forms, submissions, indicator sets and explained findings."""
