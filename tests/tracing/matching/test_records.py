# SPDX-License-Identifier: EUPL-1.2
"""Records compared: dates, places, relatives, the absolute score, and the keys for filing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.people.birth import Birth, Precision
from mostovi.tracing import dates, model, model_words, places, relations
from mostovi.tracing.comparing import compare
from mostovi.tracing.dates import ImpossibleDate, read_birth
from mostovi.tracing.keys import blocking_keys
from mostovi.tracing.records import Born, Certainty, Identity, Relative, Sex, WrittenName
from tests.tracing.matching.test_names import one_name

TODAY = date(2026, 11, 24)


def person(
    name: str, birth: str = "", sex: str = "", place: str = "", *relatives: tuple[str, str]
) -> Identity:
    """A record as a test writes it."""
    return Identity(
        (WrittenName(name),) if name else (),
        Sex(sex),
        read_birth(birth),
        (place,) if place else (),
        tuple(Relative(kind, Identity((WrittenName(who),))) for kind, who in relatives),
    )


# --- Dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("2009-05-31", "31.5.2009", "same_day"),
        ("2009-05-04", "2009-04-05", "swapped"),
        ("2009-05-31", "2009-05-30", "one_part"),
        ("2009-05-31", "2010-05-31", "one_part"),
        ("2009-01-01", "2009-05-31", "same_year"),
        ("2009-07-01", "2009", "same_year"),
        ("2009-01-01", "2009-01-01", "same_year"),
        ("2009-05", "2009-05-31", "same_year"),
        ("1388", "2009-05-31", "overlap"),
        ("1388-03-10", "2009-05-31", "same_day"),
        ("~2008", "2009", "overlap"),
        ("2005-2007", "2009", "near"),
        ("2009", "2011", "near"),
        ("2009", "2001", "far"),
        ("۱۳۸۸", "2010", "overlap"),
    ],
)
def test_dates_of_birth_are_compared_as_registers_write_them(
    left: str, right: str, level: str
) -> None:
    assert dates.level_of(read_birth(left), read_birth(right)) == level
    assert dates.level_of(read_birth(right), read_birth(left)) == level


def test_an_unknown_date_is_no_evidence() -> None:
    assert dates.level_of(Born(), read_birth("2009")) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2009-02-30", "28 days"),
        ("2009-13-14", "no month 13"),
        ("2009-00-10", "no month 0"),
        ("yesterday", "not a date"),
        ("31/5/9", "not a date"),
        ("2031-01-01", "future"),
        ("1700", "not a year of birth"),
    ],
)
def test_an_impossible_date_is_refused_with_its_reason(text: str, says: str) -> None:
    with pytest.raises(ImpossibleDate, match=says):
        read_birth(text, today=TODAY)


# Nowruz of 1300, 1357, 1388, 1399 and 1 Muharram 1445 as published in almanacs.
@pytest.mark.parametrize(
    ("kind", "parts", "gregorian"),
    [
        ("persian", (1300, 1, 1), date(1921, 3, 21)),
        ("persian", (1357, 11, 22), date(1979, 2, 11)),
        ("persian", (1388, 1, 1), date(2009, 3, 21)),
        ("persian", (1399, 12, 30), date(2021, 3, 20)),
        ("islamic-civil", (1445, 1, 1), date(2023, 7, 19)),
    ],
)
def test_hijri_dates_are_converted(kind: str, parts: tuple[int, int, int], gregorian: date) -> None:
    assert dates.converted(kind, *parts) == gregorian


def test_a_persons_file_gives_its_date_of_birth() -> None:
    born = dates.from_birth(Birth(Precision.ESTIMATED, 2009, margin=3))
    assert (born.earliest, born.latest) == (2006, 2012)
    assert dates.from_birth(Birth()) == Born()
    assert dates.from_birth(Birth(Precision.MONTH, 2009, 5)).certainty is Certainty.MONTH


# --- Places -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Kabul", "کابل", "same"),
        ("Алепо", "حلب", "same"),
        ("Halab", "Aleppo, Syria", "same"),
        ("Београд", "Beograd", "same"),
        ("Prishtinë", "Приштина", "same"),
        ("পাঞ্জাব xyz", "ঢাকা", "different"),
        ("সিলেট", "Sylhet", "same"),
        ("ኣስመራ", "Asmara", "same"),
        ("Nangarhar", "جلال‌آباد", "within"),
        ("Herat", "Kabul", "near"),
        ("Afghanistan", "Kabul", "near"),
        ("Kabul", "Sylhet", "different"),
        ("Qala-e Naw Bala", "Qalae Naw Bala", "same"),
    ],
)
def test_places_meet_across_languages(left: str, right: str, level: str) -> None:
    assert places.level_of((left,), (right,)) == level
    assert places.level_of((right,), (left,)) == level


def test_no_place_is_no_evidence() -> None:
    assert places.level_of((), ("Kabul",)) is None
    assert places.level_of(("???",), ("Kabul",)) is None


def test_every_place_of_the_gazetteer_is_found_by_each_of_its_names() -> None:
    for name, path in places.shipped().by_name.items():
        found = places.read_place(name)
        assert found is not None and found.path == path, name


# --- Relatives ----------------------------------------------------------------------------------


def test_a_child_who_looks_for_a_mother_meets_a_mother_who_looks_for_that_child() -> None:
    child = person("Али Ахмади", "2012-03-04", "male", "Kabul", ("mother", "Мариам Хайдари"))
    mother = Identity(
        (WrittenName("مریم حیدری"),),
        Sex.FEMALE,
        relations=(Relative("son", person("علی احمدی", "1390", "male", "کابل")),),
    )
    sought = relations.sought(child, child.relations[0])
    found = compare(sought, mother)
    assert found.verdict in {"likely", "possible"}
    assert {part.field: part.level for part in found.parts}["child"] == "full"
    back = relations.sought(mother, mother.relations[0])
    assert compare(back, child).verdict == "likely"


def test_what_a_child_tells_of_brothers_helps_to_find_the_mother() -> None:
    child = person("Ali Ahmadi", "", "male", "", ("mother", "Maryam"), ("brother", "Zabihullah"))
    sought = relations.sought(child, child.relations[0])
    assert ("child", "Zabihullah") in [
        (told.relation, told.person.names[0].text) for told in sought.relations
    ]
    mother = person("Maryam", "", "female", "", ("son", "ذبیح الله"))
    parts = {part.field: part.level for part in compare(sought, mother).parts}
    assert parts["child"] == "full" or parts["child"] == "same"


def test_another_child_does_not_speak_against_a_mother() -> None:
    one = person("Maryam Haidari", "1980-02-03", "female", "", ("son", "Ali"))
    other = person("مریم حیدری", "1980-02-03", "female", "", ("son", "Reza"))
    assert all(part.field != "child" for part in compare(one, other).parts)


@pytest.mark.parametrize(
    ("relation", "sex", "back"),
    [
        ("mother", Sex.MALE, "child"), ("son", Sex.FEMALE, "mother"),
        ("son", Sex.UNKNOWN, "parent"),
        ("sister", Sex.MALE, "sibling"), ("husband", Sex.FEMALE, "spouse"),
        ("something", Sex.MALE, "other"),
    ],
)  # fmt: skip
def test_relations_are_read_back(relation: str, sex: Sex, back: str) -> None:
    assert relations.back(relation, sex) == back


# --- Scores -------------------------------------------------------------------------------------


def test_a_score_does_not_depend_on_what_else_was_found() -> None:
    left, right = person("Ali Karimi", "2009-05-04"), person("علی کریمی", "2009-05-04")
    alone = compare(left, right).score
    for _ in range(3):
        compare(left, person("Ali Karimi", "2009-05-04", "male", "Kabul"))
    assert compare(left, right).score == alone


def test_the_waterfall_adds_up() -> None:
    found = compare(
        person("محمد رضا احمدی", "1388", "male", "کابل", ("mother", "مریم")),
        person("Mohammad Reza Ahmadi", "2009-04-12", "male", "Kabul", ("mother", "Maryam")),
    )
    assert found.parts[0].field == "prior"
    assert found.weight == pytest.approx(sum(part.bits for part in found.parts))
    assert found.score == pytest.approx(1 / (1 + 2**-found.weight))
    assert [part.field for part in found.parts] == [
        "prior", "names", "rarity", "birth", "sex", "place", "mother",
    ]  # fmt: skip
    assert all(part.words and part.code for part in found.parts)
    assert found.verdict == "likely"


def test_a_lone_namesake_is_not_likely() -> None:
    found = compare(person("Mohammad Ahmadi"), person("محمد احمدی"))
    assert found.verdict == "unlikely"


def test_a_brother_is_not_likely() -> None:
    hasan = person("Hasan Karimi", "2009-03-02", "male", "Kabul", ("father", "Nabi"))
    husain = person("حسین کریمی", "2011-06-07", "male", "کابل", ("father", "نبی"))
    assert compare(hasan, husain).verdict != "likely"


def test_records_without_names_or_with_unreadable_ones_are_compared_by_the_rest() -> None:
    found = compare(person("", "2009-05-04"), person("", "2009-05-04"))
    assert [part.field for part in found.parts] == ["prior", "birth"]
    unreadable = Identity((WrittenName("Маркоبن"),))
    assert compare(unreadable, person("Marko")).parts[0].field == "prior"
    assert blocking_keys(unreadable) == ()


def test_the_model_is_in_order() -> None:
    shipped = model.current()
    for comparison in shipped.comparisons.values():
        levels = list(comparison.levels.values())
        assert sum(level.m for level in levels) <= 1.05
        assert sum(level.u for level in levels) <= 1.05
        assert levels[0].bits > levels[-1].bits, comparison.code
    assert shipped.thresholds["likely"] > shipped.thresholds["possible"]
    with pytest.raises(model.BadModel, match="between 0 and 1"):
        model.load(
            "version: '1'\nsource: x\nprior: {value: 0.1, words: x}\n"
            "names_prior: {value: 0.1, words: x}\nthresholds: {}\ncomparisons:\n"
            "- {code: a, words: a, levels: [{code: b, m: 2, u: 1, words: x}]}",
            "test.yaml",
        )


def test_translators_are_given_all_words_of_the_model() -> None:
    shipped = model.current()
    words = {shipped.prior_words}
    for comparison in shipped.comparisons.values():
        words |= {comparison.words, *(level.words for level in comparison.levels.values())}
    assert words <= set(model_words.WORDS)


# --- Keys ---------------------------------------------------------------------------------------


def test_keys_are_the_same_in_every_script() -> None:
    latin = set(blocking_keys(person("Mohammad Reza Ahmadi", "2009-04-12", "male", "Kabul")))
    persian = set(blocking_keys(person("محمد رضا احمدی", "1388", "male", "کابل")))
    assert {"n:MKMT+RS", "y:RS+2009", "p:RS+af/kabul"} <= latin & persian


def test_keys_stay_what_they_were() -> None:
    # Nodes file and exchange these; a change needs a new keys.VERSION and new indexes.
    found = blocking_keys(person("Đorđe Ćirić", "2001-02-03", "", "Niš", ("mother", "Vesna")))
    assert found == (
        "n:SRS+SRS",
        "p:SRS+rs/nis",
        "r:SRS+BSN",
        "y:SRS+2001",
    )


# --- Properties ---------------------------------------------------------------------------------

births = st.sampled_from(
    ["", "2009", "2009-01-01", "2009-05-31", "2009-05-30", "2009-12-05", "2009-05-12", "1388",
     "~2009", "2005-2012", "2010-05-31", "2009-05", "1985-07-01", "2012"]
)  # fmt: skip
places_ = st.sampled_from(
    ["", "Kabul", "کابل", "Afghanistan", "Jalalabad", "ننگرهار", "Niš", "Unknown Village", "?"]
)
common_names = st.sampled_from(
    ["Mohammad Ahmadi", "محمد احمدی", "Мухамед Ахмади", "Ali", "علی", "Hasan Karimi", "حسین کریمی",
     "Karimi Husain", "Mohammad Reza Ahmadi", "Reza Ahmadi", "علی‌رضا احمدی", "Ali Reza Ahmadi",
     "M. Ahmadi", "Ahmad Ahmad", "Jamal Gamal Kamal", "Abdul Rahman Wali", "Abdulrahman Wali",
     "Đorđe Ćirić", "Ђорђе Ћирић", "Djordje Ciric", "Osman Ramazan Zia", "عثمان رمضان ضیا"]
)  # fmt: skip


@st.composite
def identities(draw: st.DrawFn) -> Identity:
    """Records in which much is shared, so that every level is met."""
    name = draw(st.one_of(common_names, one_name))
    relatives = [(kind, draw(common_names)) for kind in ("mother", "father") if draw(st.booleans())]
    return person(
        name, draw(births), draw(st.sampled_from(["", "male", "female", "other"])), draw(places_),
        *relatives,
    )  # fmt: skip


@given(identities(), identities())
@settings(max_examples=300, deadline=None)
def test_comparing_is_symmetric_bounded_and_highest_with_oneself(
    left: Identity, right: Identity
) -> None:
    one, other = compare(left, right), compare(right, left)
    assert one.score == pytest.approx(other.score)
    assert 0 <= one.score <= 1
    own = {part.field: part.level for part in compare(left, left).parts}
    assert own.get("sex", "same") == "same"
    assert own.get("birth", "same_day") in {"same_day", "same_year", "overlap"}


@given(identities())
@settings(max_examples=200, deadline=None)
def test_keys_are_stable_and_sorted(record: Identity) -> None:
    keys = blocking_keys(record)
    assert keys == blocking_keys(record) == tuple(sorted(set(keys)))
    assert all(key[0] in "nypr" and key[1] == ":" for key in keys)


@given(st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        born = read_birth(text)
    except ImpossibleDate as error:
        assert str(error)
        return
    assert born.year is None or 1890 <= born.year <= 2200
    assert dates.shown(born) or born.year is None
