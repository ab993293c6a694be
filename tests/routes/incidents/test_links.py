# SPDX-License-Identifier: EUPL-1.2
"""What is the same and what is not; what two incidents share; who decides what it means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.routes.incidents import linking, links, store
from mostovi.routes.incidents.identifiers import Unreadable, normalised
from mostovi.routes.incidents.links import WIDE, Held
from mostovi.routes.incidents.models import Identifier
from mostovi.routes.incidents.network_drawing import Edge, Node, drawn, places


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "067/123-456", "+382 67 123 456"),
        ("phone", "+382 (0)67 123 456", "0038267123456"),
        ("phone", "٠٦٧١٢٣٤٥٦", "067 123 456"),
        ("vehicle", "PG AB-123", "пг-аб 123"),
        ("vehicle", "ŠA 123 ČĆ", "sa-123-cc"),
        ("account", "ME25 5050 0001 2345 6789 51", "me25505000012345678951"),
        ("address", "Ul. Đorđa Vojnovića br. 12, Podgorica", "Подгорица, Ђорђа Војновића 12"),
        ("online", "https://www.example.org/Jobs/?ref=1", "example.org/jobs"),
        ("online", "@Work_Abroad", "work_abroad"),
    ],
)
def test_two_ways_of_writing_are_the_same_thing(kind, one, other):
    assert normalised(kind, one, "me") == normalised(kind, other, "me")


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "+38267123456", "+38767123456"),
        ("vehicle", "PG AB 123", "PG AB 132"),
        ("vehicle", "ВА 123 АА", "BA 123 AA"),
        ("account", "bc1qAbCdEf", "bc1qabcdef"),
        ("address", "Njegoševa 1, Podgorica", "Njegoševa 11, Podgorica"),
        ("address", "Njegoševa 1, Podgorica", "Njegoševa 1, Nikšić"),
    ],
)
def test_two_things_stay_two(kind, one, other):
    assert normalised(kind, one, "me") != normalised(kind, other, "me")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("phone", "call me"), ("phone", "123"), ("vehicle", "red van"), ("account", "12"),
        ("account", "ME25505000012345678952"), ("address", "Podgorica"), ("online", "a"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said(kind, text):
    with pytest.raises(Unreadable):
        normalised(kind, text, "me")


@settings(max_examples=60)
@given(st.sampled_from(["phone", "vehicle", "account", "address", "online"]), st.text(max_size=40))
def test_a_form_is_its_own_form(kind, text):
    try:
        form = normalised(kind, text, "me")
    except Unreadable:
        return
    again = normalised(kind, f"+{form}" if kind == "phone" else form, "me")
    assert again == form


def held(*pairs):
    return [Held(incident, "phone", thing.encode()) for incident, thing in pairs]


def test_what_everybody_shares_joins_nobody():
    many = [(f"IN-{number}", "office") for number in range(WIDE)]
    shared = links.shared_things(held(*many, ("IN-0", "own"), ("IN-1", "own")))
    found = links.links(shared)
    assert [(link.one, link.other) for link in found] == [("IN-0", "IN-1")]
    assert [item.is_wide for item in shared] == [False, True]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), max_size=20))
def test_links_say_exactly_what_is_shared(noted):
    found = links.links(links.shared_things(held(*noted)))
    have = {name: {thing for where, thing in noted if where == name} for name in "abcdef"}
    said = {(one.one, one.other): {i.token.decode() for i in one.shared} for one in found}
    pairs = [(a, b) for a in "abcdef" for b in "abcdef" if a < b]
    assert said == {pair: have[pair[0]] & have[pair[1]] for pair in pairs
                    if have[pair[0]] & have[pair[1]]}  # fmt: skip


def test_the_picture_is_always_the_same_and_says_nothing_it_should_not():
    nodes = [Node("a", "IN-<A>", True), Node("b", "IN-B", True), Node("t", "phone 1", False)]
    edges = [Edge("a", "t"), Edge("b", "t", doubted=True)]
    picture = drawn(nodes, edges, title="T", description="D")
    assert picture == drawn(nodes, edges, title="T", description="D")
    assert "IN-&lt;A&gt;" in picture
    assert "<A>" not in picture
    assert len(set(places(nodes, edges).values())) == 3
    assert drawn([], [], title="T", description="D") == ""


def test_the_same_phone_links_two_incidents_and_a_person_says_what_it_means(incident, investigator):
    one, other, third = incident(), incident(), incident()
    for row, written in ((one, "067/123-456"), (other, "+382 67 123 456")):
        store.note_identifier(investigator, row, kind="phone", value=written)
        store.note_identifier(investigator, row, kind="phone", value=written)
    assert Identifier.objects.count() == 2

    network = linking.network(investigator)
    first, second = sorted([one.code, other.code])
    assert [(link.one, link.other, link.kinds) for link in network.undecided] == [
        (first, second, ("phone",))
    ]
    with pytest.raises(store.Unfit):
        linking.decide_link(investigator, one, third, ruling="connected", reason="Same road.")
    with pytest.raises(store.Unfit):
        linking.decide_link(investigator, one, other, ruling="connected", reason=" ")

    linking.decide_link(
        investigator, other, one, ruling="not_connected", reason="The number was resold."
    )
    network = linking.network(investigator)
    assert network.undecided == []
    assert network.groups == []

    for row in (one, other):
        store.note_identifier(investigator, row, kind="vehicle", value="PG AB 123")
    assert len(linking.network(investigator).undecided) == 1


def test_a_store_tells_nothing_without_its_keys(incident, investigator):
    row = incident(summary="He waited at the petrol station.")
    noted = store.note_identifier(investigator, row, kind="phone", value="+38267123456")
    assert b"petrol" not in bytes(row.sealed)
    assert b"67123456" not in bytes(noted.sealed) + bytes(noted.token)
    form = normalised("phone", "+38267123456")
    from mostovi.rights.vault import vault

    assert bytes(noted.token) not in {vault().blind(form), vault().blind(f"phone:{form}")}


def test_an_advert_review_is_the_officers(incident, investigator):
    row = incident(crime="trafficking", place_kind="online")
    review = store.review_advert(
        investigator, row, found_on=row.happened_on, address="example.org/work", text="Work abroad",
        answers={"pay_too_high": "yes", "hurry": "no"}, conclusion="nothing_seen",
        reasons="The employer is known.",
    )  # fmt: skip
    answers = review.values()["answers"]
    assert answers["pay_too_high"] == "yes"
    assert answers["fee_or_debt"] == "unknown"
    with pytest.raises(store.Unfit) as refused:
        store.review_advert(
            investigator, row, found_on=row.happened_on, address="x", text="",
            answers={}, conclusion="open_inquiry", reasons="",
        )  # fmt: skip
    assert refused.value.field == "reasons"
