# SPDX-License-Identifier: EUPL-1.2
"""What is the same and what is not; what two incidents share; who decides what it means."""

from datetime import UTC, date, datetime
from itertools import pairwise
from random import Random

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.rights.retention import rules
from mostovi.routes.incidents import ending, linking, links, pairing, store
from mostovi.routes.incidents.identifiers import Unreadable, normalised
from mostovi.routes.incidents.links import WIDE, Held
from mostovi.routes.incidents.models import Identifier, Incident
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

    first, second = sorted([one.code, other.code])
    (waits,) = linking.pairs(investigator).filter(undecided=True)
    assert (waits.one.code, waits.other.code, waits.kinds) == (first, second, ["phone"])
    with pytest.raises(store.Unfit):
        linking.decide_link(investigator, one, third, ruling="connected", reason="Same road.")
    with pytest.raises(store.Unfit):
        linking.decide_link(investigator, one, other, ruling="connected", reason=" ")

    linking.decide_link(
        investigator, other, one, ruling="not_connected", reason="The number was resold."
    )
    assert linking.waiting(investigator) == 0
    assert linking.around(investigator, one).incidents == [one.code]

    for row in (one, other):
        store.note_identifier(investigator, row, kind="vehicle", value="PG AB 123")
    assert linking.waiting(investigator) == 1


def whole(investigator):
    """What the store would say if all of it were read."""
    noted = Identifier.objects.values_list("incident__code", "kind", "token")
    shared = links.shared_things(Held(code, kind, bytes(token)) for code, kind, token in noted)
    return {(one.one, one.other): sorted(one.kinds) for one in links.links(shared)}


def kept(investigator):
    return {(row.one.code, row.other.code): row.kinds for row in linking.pairs(investigator)}


def test_what_is_kept_of_pairs_is_always_what_the_whole_store_says(incident, investigator, rule):
    """Noted, taken out, decided, erased, in any order; things become widely shared and back."""
    chance = Random(11)
    rows = [incident() for _number in range(12)]
    numbers = [f"+382 67 000 {100 + number}" for number in range(4)]
    wide = 0
    for _step in range(160):
        row = chance.choice(rows)
        act = chance.random()
        if act < 0.62:
            kind, value = chance.choice([("phone", chance.choice(numbers)), ("vehicle", "PG 1 AB")])
            store.note_identifier(investigator, row, kind=kind, value=value)
        elif act < 0.9 and (noted := row.identifiers.first()):
            store.forget_identifier(investigator, row, noted.pk)
        elif pair := linking.pairs(investigator).first():
            linking.decide_link(
                investigator, pair.one, pair.other, ruling="not_connected", reason="Looked at."
            )
            pair.refresh_from_db()
            assert pair.parted and not pair.undecided
        assert kept(investigator) == whole(investigator)
        wide += any(item.is_wide for item in pairing.shared([one.pk for one in rows]))
    assert 0 < wide < 160
    gone = rows[:5]
    Incident.objects.filter(pk__in=[row.pk for row in gone]).update(
        changed_at=datetime(2001, 1, 1, tzinfo=UTC)
    )
    assert ending.end(rule, date(2026, 11, 24)) == 5
    assert kept(investigator) == whole(investigator)


@pytest.fixture
def rule():
    return rules()["incident"]


def test_the_network_of_an_incident_ends_after_two_links_and_at_its_limit(incident, investigator):
    rows = [incident() for _number in range(6)]
    for number, (one, other) in enumerate(pairwise(rows)):
        for row in (one, other):
            store.note_identifier(investigator, row, kind="phone", value=f"+38267000{200 + number}")
    found = linking.around(investigator, rows[0])
    assert list(found.incidents) == [row.code for row in rows[:3]]
    assert not found.more
    assert len(found.shared) == len(found.pairs) == 2
    near = linking.around(investigator, rows[2], most=4)
    assert near.more
    assert len(near.incidents) == 4
    assert {rows[1].code, rows[3].code} < set(near.incidents)
    linking.decide_link(
        investigator, rows[1], rows[2], ruling="not_connected", reason="Another phone."
    )
    assert list(linking.around(investigator, rows[0]).incidents) == [rows[0].code, rows[1].code]


def test_a_page_reads_no_more_of_a_large_store_than_of_a_small_one(
    incident, investigator, signed_in, statements
):
    """Rows that are read are those near the incident, however many others share things."""
    one, other = incident(), incident()
    for row in (one, other):
        store.note_identifier(investigator, row, kind="phone", value="+38267000111")
    client = signed_in(investigator)
    pages = [
        reverse("incidents:list"), reverse("incidents:incident", args=[one.code]),
        reverse("incidents:links"), f"{reverse('incidents:links')}?around={one.code}",
        reverse("incidents:link", args=[one.code, other.code]),
    ]  # fmt: skip
    opened = {page: len(statements(lambda to=page: client.get(to))) for page in pages}
    for _number in range(10):
        for row in (incident(), incident()):
            store.note_identifier(investigator, row, kind="vehicle", value="PG 777 AA")
    for page in pages[:2] + pages[3:]:
        assert len(statements(lambda to=page: client.get(to))) == opened[page], page
    wide = client.get(reverse("incidents:incident", args=[row.code])).content.decode()
    assert "Widely shared: it joins nobody" in wide
    assert client.get(f"{pages[2]}?around=IN-222222").status_code == 404


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
