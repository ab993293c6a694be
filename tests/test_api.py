# SPDX-License-Identifier: EUPL-1.2
"""The HTTP interface under generated requests: no server error, and only what it describes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from mostovi.rights.roles import Role

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def description(live_server: Any) -> Any:
    """The description as the node itself publishes it."""
    return schemathesis.openapi.from_url(f"{live_server.url}/api/v1/openapi.json")


def for_every_operation(description: Any, examples: int, knock: Callable[[Any], None]) -> int:
    """Let `knock(case)` meet generated requests of every operation; how many operations."""
    operations = [result.ok() for result in description.get_all_operations()]
    for operation in operations:

        @settings(
            max_examples=examples, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def meet(case: Any) -> None:
            knock(case)

        meet()
    return len(operations)


def test_generated_requests_find_no_server_error(
    description: Any, signed_in: Any, acting: Any
) -> None:
    client = signed_in(acting(Role.ANTI_TRAFFICKING_COORDINATOR))
    client.get("/")
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    token = next(value for name, value in cookies.items() if name.endswith("csrf"))

    def knock(case: Any) -> None:
        response = case.call(cookies=cookies, headers={"X-CSRFToken": token})
        case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])
        assert response.status_code != 401

    assert for_every_operation(description, 40, knock) >= 7


def test_without_a_session_nothing_is_answered(description: Any) -> None:
    def knock(case: Any) -> None:
        assert case.call().status_code in {400, 401, 403, 404, 405}

    for_every_operation(description, 5, knock)
