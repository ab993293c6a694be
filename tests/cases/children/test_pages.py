# SPDX-License-Identifier: EUPL-1.2
"""Pages of guardian, age and care as their users meet them."""

import pytest
from django.urls import reverse

from mostovi.cases.children import assessing, placing
from mostovi.cases.children.models import CarePlace, GuardianAppointment
from mostovi.rights.roles import Role
from tests.cases.children.conftest import TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(signed_in, worker):
    return signed_in(worker)


def url(name, case, *more):
    return reverse(f"children:{name}", args=[case.code, *more])


APPOINTMENT = {
    "account": "", "name": "Вера Петровић", "kind": "temporary", "from_day": TODAY.isoformat(),
    "act": "12/26", "authority": "Центар за социјални рад", "declared": "none",
}  # fmt: skip


def test_a_child_without_a_guardian_is_a_warning_everywhere(client, case):
    assert "The child has no guardian." in client.get(url("guardian", case)).content.decode()
    page = client.get(reverse("cases:case", args=[case.code])).content.decode()
    assert "The child has no guardian." in page
    assert url("guardian", case) in page


def test_appointing_a_guardian_from_the_page(client, case):
    answer = client.post(url("guardian_appoint", case), APPOINTMENT)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Вера Петровић" in page
    assert "The child has no guardian." not in page


def test_what_is_wrong_comes_back_at_the_field_with_everything_typed(client, case):
    answer = client.post(url("guardian_appoint", case), {**APPOINTMENT, "declared": "not_asked"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Ask the guardian about conflicts of interest first." in page
    assert "Вера Петровић" in page
    answer = client.post(url("guardian_appoint", case), {**APPOINTMENT, "from_day": "yesterday"})
    assert answer.status_code == 422
    assert not GuardianAppointment.objects.exists()


def test_ending_an_appointment_from_the_page(client, case, appoint):
    appoint(case)
    wrong = client.post(url("guardian_end", case), {"end-until_day": TODAY.isoformat()})
    assert wrong.status_code == 422
    wish = {"end-until_day": TODAY.isoformat(), "end-because": "resigned", "end-words": "Moved."}
    answer = client.post(url("guardian_end", case), wish, follow=True)
    assert "Ask for one today" in answer.content.decode()


def test_a_guardian_reads_and_changes_nothing(signed_in, acting, case, appoint, guardian_account):
    from mostovi.node.models import Account

    actor = acting(Role.GUARDIAN)
    client = signed_in(actor)
    appoint(case, account=Account.objects.get(pk=actor.account).pk)
    page = client.get(url("guardian", case))
    assert page.status_code == 200
    assert "Write down" not in page.content.decode()
    assert client.post(url("guardian_appoint", case), APPOINTMENT).status_code == 403
    assert client.post(url("age_doubt", case), {}).status_code == 403
    assert client.get(url("age", case)).status_code == 200
    assert client.get(url("care", case)).status_code == 200


def test_another_units_child_looks_like_no_child(signed_in, acting, case):
    stranger = signed_in(acting(Role.SOCIAL_WORKER, unit="elsewhere"))
    for name in ("guardian", "age", "care"):
        assert stranger.get(url(name, case)).status_code == 404


def test_the_age_page_from_doubt_to_refusal(client, case, worker, appoint):
    appoint(case)
    page = client.get(url("age", case)).content.decode()
    assert "A child" in page
    assert client.post(url("age_doubt", case), {"words": "He looks 20"}).status_code == 422
    wish = {"grounds": ["person_says_child"], "words": "Says 16."}
    page = client.post(url("age_doubt", case), wish, follow=True).content.decode()
    assert "Says 16." in page
    row = case.age_assessments.get()
    answer = client.post(
        url("age_consent", case, row.pk),
        {"consent-who": "child", "consent-answer": "refused", "consent-words": ""},
    )
    assert answer.status_code == 422
    answer = client.post(
        url("age_consent", case, row.pk),
        {"consent-who": "child", "consent-answer": "refused", "consent-words": "Does not want."},
        follow=True,
    )
    assert "Does not want." in answer.content.decode()
    refused = client.post(url("age_step", case, row.pk), {"verb": "begin"})
    assert refused.status_code == 422
    assert "The child has not consented." in refused.content.decode()


def test_a_method_is_written_down_with_its_margin(client, case, worker, doubted):
    row = doubted()
    assessing.step(worker, case, row, verb="begin")
    wish = {
        "method-method": "interview", "method-on": TODAY.isoformat(), "method-by": "A. B.",
        "method-youngest": "16.5", "method-oldest": "16.6", "method-words": "",
    }  # fmt: skip
    answer = client.post(url("age_method", case, row.pk), wish)
    assert answer.status_code == 422
    assert "cannot be so exact" in answer.content.decode()
    page = client.post(
        url("age_method", case, row.pk), {**wish, "method-oldest": "19"}, follow=True
    ).content.decode()
    assert "between 16.5 and 19 years" in page
    assert "within the margin, a child" in page


def test_placing_a_child_from_the_page_and_why_others_do_not_fit(client, case, home):
    home("home-1", name="House of boys")
    home("home-2", name="House of girls", sexes="girls")
    page = client.get(url("care", case)).content.decode()
    assert "House of boys" in page
    assert "For children of another sex." in page
    wish = {
        "place": "home-1", "from_day": TODAY.isoformat(), "reason": "Near his school.",
        "child_view": "Likes it.",
    }  # fmt: skip
    page = client.post(url("care_place", case), wish, follow=True).content.decode()
    assert "House of boys" in page
    assert "Visit in care" in page
    assert reverse("cases:new_record", args=[case.code, "care_visit"]) in page


def test_a_full_place_says_so(client, case, worker, home):
    from mostovi.cases import services as cases
    from tests.cases.children.conftest import a_child

    where = home("home-1", capacity=1)
    other = cases.open_case(
        worker, person=a_child(worker), case_type="separated_child", urgency="soon"
    )
    placing.place_child(worker, other, place=where, from_day=TODAY, reason="x", child_view="y")
    wish = {
        "place": "home-1", "from_day": TODAY.isoformat(), "reason": "Near.", "child_view": "Yes.",
    }  # fmt: skip
    answer = client.post(url("care_place", case), wish)
    assert answer.status_code == 422
    assert "Nobody is placed beyond the number of places." in answer.content.decode()
    assert "Near." in answer.content.decode()


def test_the_list_of_places_is_kept_by_supervisors(signed_in, worker, supervisor):
    keeper, reader = signed_in(supervisor), signed_in(worker)
    wish = {
        "code": "home-9", "name": "New home", "kind": "small_home", "capacity": "4",
        "youngest": "3", "oldest": "17", "sexes": "all", "licence": "L-9",
    }  # fmt: skip
    assert reader.post(reverse("children:place_new"), wish).status_code == 403
    assert keeper.post(reverse("children:place_new"), {**wish, "capacity": "0"}).status_code == 422
    assert keeper.post(reverse("children:place_new"), wish).status_code == 302
    assert keeper.post(reverse("children:place_new"), wish).status_code == 422
    row = CarePlace.objects.get()
    wish["capacity"] = "5"
    assert keeper.post(reverse("children:place", args=[row.code]), wish).status_code == 302
    assert "New home" in reader.get(reverse("children:places")).content.decode()


def test_an_erased_child_leaves_no_guardian_busy_and_no_bed_taken(
    client, case, worker, home, doubted, acting
):
    from mostovi.people import services as people

    where = home(capacity=1)
    doubted()
    placing.place_child(worker, case, place=where, from_day=TODAY, reason="x", child_view="y")
    officer = acting(Role.DATA_PROTECTION_OFFICER)
    people.erase(officer, case.person, reason="own_wish")
    for name, verb in (("guardian", "appoint"), ("age", "doubt"), ("care", "place")):
        page = client.get(url(name, case))
        assert page.status_code == 200
        assert "Write down" not in page.content.decode()
        assert client.post(url(f"{name}_{verb}", case), {}).status_code == 404
    assert not where.placements.filter(until_day=None).exists()
    assert not GuardianAppointment.objects.filter(until_day=None).exists()


def test_pages_stay_within_their_budget(client, case, worker, home, doubted, statements):
    for number in range(12):
        home(f"home-{number}")
    row = doubted()
    assessing.step(worker, case, row, verb="begin")
    placing.place_child(
        worker, case, place=CarePlace.objects.first(), from_day=TODAY, reason="x", child_view="y"
    )
    for address in (
        url("guardian", case), url("age", case), url("care", case), reverse("children:places"),
        reverse("cases:case", args=[case.code]),
    ):  # fmt: skip
        sent = statements(lambda address=address: client.get(address))
        page = client.get(address)
        assert page.status_code == 200
        assert len(page.content) < 150_000
        assert len(sent) <= 20, (address, len(sent), sent)
