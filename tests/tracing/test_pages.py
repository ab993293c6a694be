# SPDX-License-Identifier: EUPL-1.2
"""Family tracing as its users meet it: pages, refusals, budgets."""

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override

from mostovi.people.models import Person
from mostovi.rights.roles import Role
from mostovi.tracing import answering, joining, waterfalls
from mostovi.tracing.models import Side, TracingMatch, TracingRequest

pytestmark = pytest.mark.django_db
WHO = {
    "page": "who", "relation": "mother", "name_1": "زهرا رحیمی", "name_2": "", "name_3": "",
    "sex": "female", "first_year": "1980", "last_year": "1990",
}  # fmt: skip
WHERE = {"places": "هرات\nKabul", "last_contact": "In autumn", "circumstances": ""}
AGREE = {"side": "child", "agreed_here": "on"}


@pytest.fixture
def client(signed_in, coordinator):
    return signed_in(coordinator)


def test_three_pages_make_a_search_and_nothing_typed_is_lost(client, boy):
    address = f"{reverse('tracing:new')}?case={boy.code}"
    second = client.post(address, WHO)
    assert "زهرا رحیمی" in second.content.decode()
    third = client.post(address, WHO | WHERE | {"page": "where"})
    assert "In autumn" in third.content.decode()
    refused = client.post(address, WHO | WHERE | {"page": "agree", "side": "child"})
    assert refused.status_code == 422
    assert "In autumn" in refused.content.decode()
    done = client.post(address, WHO | WHERE | AGREE | {"page": "agree"})
    assert done.status_code == 302
    page = client.get(done["Location"]).content.decode()
    assert "زهرا رحیمی" in page
    assert "Begin the search" in page


def test_going_back_keeps_what_was_typed(client, boy):
    address = f"{reverse('tracing:new')}?case={boy.code}"
    page = client.post(address, WHO | WHERE | {"page": "where", "back": "1"}).content.decode()
    assert 'value="1980"' in page
    assert "In autumn" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name_1": ""}, "required"),
        ({"name_1": "123"}, "letters"),
        ({"first_year": "1990", "last_year": "1980"}, "earlier one first"),
    ],
)
def test_bad_input_is_said_at_its_field(client, boy, change, said):
    address = f"{reverse('tracing:new')}?case={boy.code}"
    answer = client.post(address, WHO | WHERE | AGREE | change | {"page": "agree"})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not TracingRequest.objects.exists()


def test_somebody_else_is_sought_too(client, search):
    address = reverse("tracing:add", args=[search.code])
    client.post(address, WHO)
    assert client.post(address, WHO | WHERE | {"page": "where"}).status_code == 302
    assert [one.relation for one in search.sought.all()] == ["child", "mother"]


def test_a_search_begins_from_its_page(client, mother, coordinator):
    from mostovi.tracing import requesting
    from tests.tracing.conftest import WANTED

    made = requesting.make(coordinator, mother, sought=[WANTED], side="adult", agreed_here=True)
    client.post(reverse("tracing:begin", args=[made.code]))
    assert made.sought.get().procedure.state == "searching"


def test_the_waterfall_is_shown_with_words(client, proposed):
    page = client.get(reverse("tracing:match", args=[proposed.code])).content.decode()
    for text in ("What speaks for it", "Names", "Омид Рахими", "امید رحیمی", "Speak with the"):
        assert text in page


@pytest.mark.parametrize("language", ["sq", "bs", "sr", "mk", "ar"])
def test_what_each_bar_is_about_is_said_in_the_readers_language(language):
    with override(language):
        said = {str(gettext(title)) for title in waterfalls._FIELDS.values()}
    assert not said & set(waterfalls._FIELDS.values())


def test_the_home_page_says_that_somebody_may_be_looked_for(client, proposed):
    page = client.get("/").content.decode()
    assert "Somebody may be looking for a person here." in page
    assert proposed.code in page


def test_no_on_the_page_sends_nothing(client, search, proposed, coordinator):
    code = proposed.code
    client.post(reverse("tracing:look", args=[code]), {"verb": "ask_person", "text": "May be."})
    before = client.get(reverse("tracing:request", args=[search.code])).content
    client.post(
        reverse("tracing:answer", args=[code]), {"answer": "no", "fled_from": "on", "note": "x"}
    )
    assert TracingMatch.objects.get().procedure.state == "silent"
    after = client.get(reverse("tracing:request", args=[search.code])).content
    assert strip(before) == strip(after)


def strip(page: bytes) -> bytes:
    """A page without its form tokens, nonces and messages."""
    import re

    page = re.sub(rb'(csrfmiddlewaretoken" value|nonce)="[^"]*"', b"", page)
    return re.sub(rb'<div class="messages".*?</div>\s*</div>', b"", page, flags=re.DOTALL)


def test_yes_for_a_child_without_guardian_comes_back_with_the_error(client, proposed):
    code = proposed.code
    client.post(reverse("tracing:look", args=[code]), {"verb": "ask_person", "text": "May be."})
    answer = client.post(
        reverse("tracing:answer", args=[code]),
        {"answer": "yes", "language": "fa", "means": "oral", "message": "My words stay"},
    )
    assert answer.status_code == 422
    assert "My words stay" in answer.content.decode()
    assert not TracingMatch.objects.filter(side=Side.SEEKER).exists()


def test_verification_from_the_page(client, proposed, coordinator):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    answering.answer_yes(
        coordinator, proposed, language="fa", means="oral", guardian_name="Jelena",
        child_view="Yes.",
    )  # fmt: skip
    seeker = TracingMatch.objects.get(side=Side.SEEKER)
    page = client.get(reverse("tracing:match", args=[seeker.code])).content.decode()
    assert "Омид Рахими" in page
    answers = {one.code: "ours" for one in joining.questions(seeker)}
    client.post(reverse("tracing:answers", args=[seeker.code]), answers)
    page = client.get(reverse("tracing:match", args=[seeker.code])).content.decode()
    assert "has not sealed its own yet" in page
    joining.seal_answers(coordinator, proposed, dict.fromkeys(answers, "theirs"))
    page = client.get(reverse("tracing:match", args=[seeker.code])).content.decode()
    assert "theirs" in page


def test_another_units_match_looks_like_an_absent_one(signed_in, acting, proposed):
    stranger = signed_in(acting(Role.SOCIAL_WORKER, unit="centre"))
    hidden = stranger.get(reverse("tracing:match", args=[proposed.code]))
    absent = stranger.get(reverse("tracing:match", args=["ME-0000-0000"]))
    assert hidden.status_code == absent.status_code == 404


def test_a_guardian_sees_the_own_childs_search_and_no_match(
    signed_in, acting, coordinator, boy, proposed
):
    from mostovi.tracing import requesting
    from tests.tracing.conftest import WANTED

    guardian = acting(Role.GUARDIAN)
    Person.objects.filter(pk=boy.person_id).update(guardian_account=guardian.account)
    mine = requesting.make(
        coordinator, boy, sought=[WANTED | {"relation": "mother"}], side="child",
        agreed_here=True,
    )  # fmt: skip
    client = signed_in(guardian)
    page = client.get(reverse("tracing:list")).content.decode()
    assert mine.code in page
    assert client.get(reverse("tracing:request", args=[mine.code])).status_code == 200
    assert client.get(reverse("tracing:match", args=[proposed.code])).status_code in {403, 404}


def test_pages_stay_within_their_budget(client, search, proposed, statements, coordinator):
    answering.ask_person(coordinator, proposed, reason="It may be him.")
    for address in (
        reverse("tracing:list"),
        reverse("tracing:list") + "?show=matches",
        reverse("tracing:new"),
        reverse("tracing:request", args=[search.code]),
        reverse("tracing:match", args=[proposed.code]),
    ):
        sent = statements(lambda address=address: client.get(address))
        assert len(sent) <= 20, "\n".join(one[:230] for one in sent)
        assert len(client.get(address).content) < 150_000


def test_the_time_of_the_round_is_shown_and_nothing_of_a_match(client, search, proposed):
    page = client.get(reverse("tracing:request", args=[search.code])).content.decode()
    assert "A person at" not in page
    assert proposed.code not in page
