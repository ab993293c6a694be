# SPDX-License-Identifier: EUPL-1.2
"""Child protection inside a case: guardian, age, best interests, care, durable solution."""
