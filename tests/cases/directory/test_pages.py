# SPDX-License-Identifier: EUPL-1.2
"""Pages and interface of the directory."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mostovi.cases.directory import services
from mostovi.cases.directory.forms import ServiceForm, initial_of
from mostovi.cases.directory.models import Service
from mostovi.rights.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]


def test_anybody_on_the_staff_finds_a_service(signed_in, acting, statements):
    client = signed_in(acting(Role.STATISTICIAN))
    page = client.get("/services/?need=shelter&node=ba").content.decode()
    assert "Safe house" in page
    assert "Health centre" not in page
    sent = statements(lambda: client.get("/services/"))
    assert len(sent) <= 20


def test_a_service_says_its_address_is_secret(signed_in, worker):
    page = signed_in(worker).get("/services/ba-safe-house/").content.decode()
    assert "The address is secret." in page
    assert "women and girls" in page
    assert "has not said how many places are free" in page


def test_a_worker_may_not_change_an_entry(signed_in, worker):
    client = signed_in(worker)
    assert client.get("/services/me-health/edit/").status_code == 403
    assert client.get("/services/import/").status_code == 403
    told = {"unit": "beds", "maximum": 3, "in_use": 1, "waiting": 0}
    assert client.post("/services/me-health/capacity/", told).status_code == 403


@pytest.mark.parametrize("code", ["ba-safe-house", "ba-child-centre", "me-health", "me-shelter"])
def test_the_form_gives_back_an_entry_as_it_was(code, keeper):
    row = Service.objects.get(code=code)
    entry = services.entry_of(row)
    shown = initial_of(entry) | {"seen": row.version}
    filled = {
        key: value for key, value in shown.items() if value is not None and value is not False
    }
    form = ServiceForm(filled, initial=shown, is_new=False)
    assert form.is_valid(), form.errors
    saved = services.save_entry(keeper, form.entry(entry), seen=row.version)
    assert saved.version == row.version


def test_an_entry_with_errors_comes_back_with_everything_that_was_typed(signed_in, keeper):
    client = signed_in(keeper)
    entry = services.entry_of(Service.objects.get(code="me-health"))
    filled = {k: v for k, v in initial_of(entry).items() if v is not None and v is not False}
    filled |= {"seen": 1, "phones": "call us", "name": "Clinic of the valley"}
    answer = client.post("/services/me-health/edit/", filled)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Clinic of the valley" in page
    assert "a telephone number has figures" in page
    filled["phones"] = "+382 20 123 456 | mornings"
    assert client.post("/services/me-health/edit/", filled).status_code == 302
    assert Service.objects.get(code="me-health").phones[0]["description"] == "mornings"
    assert "Telephone" in client.get("/services/me-health/history/").content.decode()


def test_a_new_entry_and_its_free_places(signed_in, keeper):
    client = signed_in(keeper)
    made = {
        "code": "me-school", "node": "me", "name": "Evening school", "organization": "School",
        "status": "active", "needs": ["education"], "answer_days": 5, "seen": 0,
        "hours": "MO,TU 17:00-20:00 | in winter",
    }  # fmt: skip
    assert client.post("/services/new/", made | {"hours": "evenings"}).status_code == 422
    assert client.post("/services/new/", made).status_code == 302
    assert client.post("/services/new/", made).status_code == 422
    told = {"unit": "places", "maximum": 10, "in_use": 4, "waiting": 0}
    assert client.post("/services/me-school/capacity/", told).status_code == 302
    assert "6 of 10 places free" in client.get("/services/me-school/").content.decode()
    assert client.post("/services/me-school/capacity/", {"unit": "x"}).status_code == 422


def test_an_import_names_every_row_that_is_wrong(signed_in, keeper):
    client = signed_in(keeper)
    bad = SimpleUploadedFile("s.json", b'[{"id": "x"}]')
    answer = client.post("/services/import/", {"file": bad})
    assert answer.status_code == 422
    assert "contents 1" in answer.content.decode()
    good = SimpleUploadedFile("s.zip", services.exported(keeper, form="csv"))
    answer = client.post("/services/import/", {"file": good})
    assert answer.status_code == 200
    assert "As before:" in answer.content.decode()


def test_exports_are_files(signed_in, worker):
    client = signed_in(worker)
    assert client.get("/services/export/json/").headers["Content-Type"] == "application/json"
    assert client.get("/services/export/csv/").content[:2] == b"PK"
    assert client.get("/services/export/xml/").status_code == 404
    assert client.get("/services/nowhere/").status_code == 404


def test_the_interface_gives_hsds_and_takes_free_places(signed_in, keeper):
    client = signed_in(keeper)
    page = client.get("/api/v1/directory/services?need=shelter").json()
    assert page["total_items"] == 3
    assert page["contents"][0]["status"] == "active"
    told = {"unit": "beds", "maximum": 4, "in_use": 4}
    address = "/api/v1/directory/services/ba-safe-house/capacity"
    assert client.post(address, told, content_type="application/json").status_code == 201
    assert client.post(
        address, told | {"in_use": -1}, content_type="application/json"
    ).status_code == 422  # fmt: skip
    one = client.get("/api/v1/directory/services/ba-safe-house").json()
    assert one["capacities"][0]["available"] == 0
