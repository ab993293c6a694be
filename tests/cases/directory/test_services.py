# SPDX-License-Identifier: EUPL-1.2
"""Keeping the directory: versions, free places with their day, imports that save all or nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from mostovi.cases import vocabulary
from mostovi.cases.directory import hsds, services
from mostovi.cases.directory.models import CapacityReport, Service, ServiceVersion
from mostovi.cases.directory.today import waiting
from mostovi.rights.access import Refused
from mostovi.rights.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]


def entry(code="me-health"):
    return services.entry_of(Service.objects.get(code=code))


def test_the_shipped_list_is_taken_in_once_and_a_change_here_stays(keeper):
    services.save_entry(keeper, entry() | {"name": "Our clinic"})
    assert services.load_shipped() == 0
    assert Service.objects.get(code="me-health").name == "Our clinic"


def test_referrals_see_a_change_at_once(keeper):
    services.save_entry(keeper, entry() | {"name": "Our clinic"})
    assert vocabulary.service_name("me-health") == "Our clinic"
    assert {one.code for one in vocabulary.services_at("ba")} >= {"ba-safe-house"}


def test_every_change_is_a_version_and_no_change_is_none(keeper):
    row = services.save_entry(keeper, entry() | {"name": "Our clinic"})
    services.save_entry(keeper, services.entry_of(row))
    first, second = reversed(services.history(keeper, row))
    assert (first.version, second.version, second.changed) == (1, 2, ["name"])
    assert second.by == keeper.account
    with pytest.raises(TypeError):
        second.save()


def test_two_who_edit_at_once_do_not_overwrite_each_other(keeper):
    seen = Service.objects.get(code="me-health").version
    services.save_entry(keeper, entry() | {"name": "One"}, seen=seen)
    with pytest.raises(services.ChangedMeanwhile):
        services.save_entry(keeper, entry() | {"name": "Two"}, seen=seen)
    assert Service.objects.get(code="me-health").name == "One"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"needs": []}, "needs"),
        ({"needs": ["gold"]}, "needs"),
        ({"name": "  "}, "name"),
        ({"node": "Nowhere!"}, "node"),
        ({"unit": "attic"}, "unit"),
        ({"languages": ["Serbian"]}, "languages"),
        ({"phones": [{"number": "call me"}]}, "phones"),
        ({"conditions": [{"fact": "nationality", "is": ["SY"]}]}, "conditions"),
        ({"schedules": [{"days": ["MO"], "opens": "25:00"}]}, "schedules"),
        ({"locations": [{"name": "House", "shielded": True, "address": "Street 1"}]}, "locations"),
        ({"locations": [{"name": "House", "latitude": 99.0, "longitude": 1.0}]}, "locations"),
    ],
)
def test_an_entry_that_is_wrong_is_refused_and_nothing_changes(keeper, change, field):
    before = ServiceVersion.objects.count()
    with pytest.raises(services.InvalidService) as refused:
        services.save_entry(keeper, entry() | change)
    assert [name for name, _ in refused.value.problems] == [field]
    assert ServiceVersion.objects.count() == before


def test_a_secret_place_cannot_hold_an_address_even_in_the_database(keeper):
    from django.db import IntegrityError, transaction

    place = Service.objects.get(code="ba-safe-house").locations.get()
    place.address = "Street 1"
    with pytest.raises(IntegrityError), transaction.atomic():
        place.save()


def test_only_keepers_change_entries(worker):
    with pytest.raises(Refused):
        services.save_entry(worker, entry() | {"name": "Mine"})


def test_the_unit_that_runs_it_says_how_full_it_is_with_the_day(keeper, worker, acting):
    services.save_entry(keeper, entry() | {"unit": "centre"})
    row = services.find(worker, "me-health")
    told = {"unit": "places", "maximum": 20, "in_use": 18, "waiting": 2}
    services.report_capacity(worker, row, **told)
    assert services.capacity_of(services.find(worker, "me-health")).free == 2
    other = acting(Role.SOCIAL_WORKER, unit="border")
    with pytest.raises(Refused):
        services.report_capacity(other, row, **told)
    with pytest.raises(services.InvalidService):
        services.report_capacity(worker, row, **(told | {"unit": "souls"}))
    assert CapacityReport.objects.count() == 1


def test_an_old_number_is_asked_for_again(keeper, worker):
    now = datetime.now(UTC)
    services.save_entry(keeper, entry() | {"unit": "centre"})
    row = services.find(worker, "me-health")
    assert [item.title for item in waiting(worker, now)] == [row.name]
    services.report_capacity(worker, row, unit="places", maximum=20, in_use=1, now=now)
    assert waiting(worker, now) == []
    assert len(waiting(worker, now + timedelta(days=30))) == 1


def test_an_export_is_taken_in_again_without_a_change(keeper):
    for form in ("json", "csv"):
        data = services.exported(keeper, form=form)
        report = services.import_file(keeper, data)
        assert (report.added, report.changed) == ((), ())
        assert len(report.same) == Service.objects.count()


def test_an_import_brings_everything_to_an_empty_node(keeper):
    row = services.find(keeper, "ba-safe-house")
    services.report_capacity(keeper, row, unit="beds", maximum=8, in_use=9, waiting=3)
    before = {row.code: services.entry_of(row) for row in services.visible(keeper)}
    data = services.exported(keeper, form="csv")
    CapacityReport.objects.all()._raw_delete("default")
    ServiceVersion.objects.all()._raw_delete("default")
    Service.objects.all().delete()
    assert len(services.import_file(keeper, data).added) == len(before)
    assert {row.code: services.entry_of(row) for row in services.visible(keeper)} == before


def test_one_wrong_row_and_nothing_is_saved(keeper):
    listed = json.loads(services.exported(keeper, form="json"))["contents"]
    listed[0]["name"] = "Changed"
    listed[2]["status"] = "asleep"
    listed[3]["phones"] = [{"id": "1", "number": "?"}]
    versions = ServiceVersion.objects.count()
    with pytest.raises(services.RowsRefused) as refused:
        services.import_file(keeper, json.dumps(listed).encode())
    assert [(one.row, one.field) for one in refused.value.troubles] == [
        (3, "status"), (4, "phones"),
    ]  # fmt: skip
    assert ServiceVersion.objects.count() == versions
    assert not Service.objects.filter(name="Changed").exists()


def test_two_rows_with_one_code_are_refused(keeper):
    listed = json.loads(services.exported(keeper, form="json"))["contents"]
    with pytest.raises(services.RowsRefused) as refused:
        services.import_file(keeper, json.dumps([listed[0], listed[0]]).encode())
    assert refused.value.troubles[0].field == "code"


def test_a_stolen_id_is_refused(keeper):
    listed = json.loads(services.exported(keeper, form="json"))["contents"]
    listed[0]["attributes"] = [
        one | ({"value": "ba-other"} if one["link_type"] == "code" else {})
        for one in listed[0]["attributes"]
    ]
    with pytest.raises(services.RowsRefused) as refused:
        services.import_file(keeper, json.dumps([listed[0]]).encode())
    assert refused.value.troubles[0].field == "id"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"PK\x00", b"{", b""])
def test_a_file_that_is_no_directory_is_refused(keeper, data):
    with pytest.raises(hsds.Unreadable):
        services.import_file(keeper, data)


def test_search_by_need_partner_town_and_language(worker):
    def codes(**asked):
        return {row.code for row in services.search(worker, services.Search(**asked))}

    assert codes(need="legal_aid") == {"ba-legal-aid", "me-legal-aid"}
    assert codes(need="legal_aid", node="me") == {"me-legal-aid"}
    assert codes(place="biha") == {"ba-legal-aid"}
    assert "ba-legal-aid" in codes(language="ps")  # through its interpreter
    assert codes(text="safe house") == {"ba-safe-house"}
    assert codes(text="nothing at all") == set()
