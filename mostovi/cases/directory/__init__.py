# SPDX-License-Identifier: EUPL-1.2
"""The directory of services: who helps with what, where, for whom, in which language, how full."""
