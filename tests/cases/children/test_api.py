# SPDX-License-Identifier: EUPL-1.2
"""Child protection over HTTP."""

import pytest

from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db


def test_how_a_child_stands(signed_in, worker, case, appoint, home):
    client = signed_in(worker)
    home()
    before = client.get(f"/api/v1/children/{case.code}").json()
    assert before["treated_as_child"] is True
    assert before["speaks"] == "authority"
    assert before["guardian_missing_since"]
    appoint(case)
    after = client.get(f"/api/v1/children/{case.code}").json()
    assert after["guardian"] == "Vera Petrović"
    assert after["speaks"] == "guardian"
    (place,) = client.get("/api/v1/children/places").json()
    assert (place["capacity"], place["free"]) == (2, 2)


def test_out_of_reach_is_as_if_it_were_not_there(signed_in, acting, case):
    stranger = signed_in(acting(Role.SOCIAL_WORKER, unit="elsewhere"))
    hidden = stranger.get(f"/api/v1/children/{case.code}")
    absent = stranger.get("/api/v1/children/ME-0000-0000")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
    investigator = signed_in(acting(Role.INVESTIGATOR))
    assert investigator.get(f"/api/v1/children/{case.code}").status_code == 403
