# SPDX-License-Identifier: EUPL-1.2
"""What a reader sees of a letter: values that belong together stand together, none is left out."""

from hypothesis import given
from hypothesis import strategies as st

from mostovi.cases.reading import Value, grouped

NAME = [
    ("/names/0/script", "Script", "Arab"),
    ("/names/0/parts/0/kind", "Kind of name part", "given name"),
    ("/names/0/parts/0/text", "Name", "نور"),
    ("/names/0/parts/1/kind", "Kind of name part", "family name"),
    ("/names/0/parts/1/text", "Name", "الخطيب"),
    ("/names/1/script", "Script", "Latn"),
]


def test_the_parts_of_a_name_stand_together():
    (group,) = grouped(NAME, {"names": "Names"})
    assert group.title == "Names"
    assert group.entries == [
        [Value("Arab", "Script"), Value("نور", "given name"), Value("الخطيب", "family name")],
        [Value("Latn", "Script")],
    ]


def test_lists_and_consents_read_as_one_line():
    lines = [
        ("/languages/0", "Languages", "ar"),
        ("/languages/1", "Languages", "en"),
        ("/basis/kind", "Sent under", "consent"),
        ("/basis/fields/0", "Consent: fields", "names"),
        ("/basis/fields/1", "Consent: fields", "birth"),
    ]
    languages, basis = grouped(lines, {})
    assert languages.entries == [[Value("ar")], [Value("en")]]
    assert basis.entries == [
        [Value("consent", "Sent under"), Value("names, birth", "Consent: fields")]
    ]


places = st.sampled_from(
    ["/sex", "/summary", "/languages/0", "/languages/1", "/birth/date", "/contact/how"]
)


@given(st.lists(st.tuples(places, st.text(min_size=1), st.text(min_size=1)), max_size=12))
def test_no_value_is_left_out(lines):
    read = " ".join(v.text for g in grouped(lines, {}) for entry in g.entries for v in entry)
    for _, _, value in lines:
        assert value in read
