# SPDX-License-Identifier: EUPL-1.2
"""R3: a referral carries the ticked fields and nothing else, and never an unsafe contact."""

from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases.sharing import SHAREABLE, birth, composed, safe_contact
from mostovi.exchange.profiles import profile

PERSON = {
    "name.1": {"parts": [["given", "ليلى"], ["family", "حداد"]], "script": "Arab", "usage": "own"},
    "birth": {"precision": "estimated", "year": 2010, "month": None, "day": None, "doubted": True},
    "sex": "female",
    "languages": ["ar", "en"],
    "citizenships": ["SY"],
    "interpreter": "yes",
    "notes": "a private note",
    "contact.1": {"kind": "phone", "value": "+382 67 000 001", "safe": "no"},
    "contact.2": {
        "kind": "messaging",
        "value": "+382 67 000 002",
        "safe": "yes",
        "best_time": "18 h",
    },
    "family.1": {"relation": "mother", "name": "Mariam"},
}


def shared(chosen, values=PERSON):
    return composed(
        values, chosen, subject="abcdef0123456789", summary="Needs a safe bed.", safety="",
        romanise=lambda text: "Layla Haddad",
    )  # fmt: skip


@given(st.sets(st.sampled_from([*SHAREABLE, "citizenships", "notes", "family", "name.1"])))
def test_only_ticked_fields_travel(chosen):
    data = shared(chosen)
    assert set(data) <= chosen & set(SHAREABLE)
    text = str(data)
    assert "SY" not in text
    assert "private" not in text
    assert "Mariam" not in text
    assert "000 001" not in text


def test_everything_ticked_fits_the_profile():
    data = shared(SHAREABLE) | {
        "referral": "abcdef0123456789", "service": "ba-safe-house", "needs": ["shelter"],
        "urgency": "urgent", "basis": {"kind": "duty", "citation": "Act 1, art. 2"},
    }  # fmt: skip
    assert profile("mostovi.referral.request.v1").violations(data) == []
    assert data["names"][0]["transliteration"] == "Layla Haddad"
    assert data["birth"] == {"precision": "estimated", "date": "2010", "doubtful_age": True}
    assert data["contact"] == {
        "allowed": True, "how": "message", "value": "+382 67 000 002", "when": "18 h",
    }  # fmt: skip


def test_birth_says_how_exactly_it_is_known():
    table = [
        (("day", 2009, 3, 7), {"precision": "exact", "date": "2009-03-07"}),
        (("month", 2009, 3, None), {"precision": "month", "date": "2009-03"}),
        (("unknown", None, None, None), {"precision": "unknown"}),
    ]
    for parts, expected in table:
        assert (
            birth(dict(zip(("precision", "year", "month", "day"), parts, strict=True))) == expected
        )
    assert birth(None) is None


@given(st.sampled_from(["no", "ask_first", "unknown", "not_asked", None]))
def test_a_contact_goes_only_when_the_person_said_yes(answer):
    assert safe_contact({"contact.1": {"kind": "phone", "value": "123456", "safe": answer}}) is None


def test_the_profile_names_every_field_that_can_be_shared():
    assert set(SHAREABLE) <= profile("mostovi.referral.request.v1").personal_fields
