# SPDX-License-Identifier: EUPL-1.2
"""Names of one person in two scripts meet; names of brothers do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostovi.tracing import names, scripts, sounds
from mostovi.tracing.names import UnreadableName, compare_names, read_name

SAME = {"three_words", "both_words", "only_word"}

ONE_PERSON = [
    # Latin with the letters of the region, with and without them, and Cyrillic
    ("Đorđe Ćirić", "Ђорђе Ћирић"),
    ("Djordje Ciric", "Ђорђе Ћирић"),
    ("Љиљана Хаџић", "Ljiljana Hadžić"),
    ("Živka Šarić", "Живка Шарић"),
    ("Ѓорѓи Ќосев", "Ǵorǵi Ḱosev"),
    ("Marija Petrovska", "Марија Петровски"),
    ("Jovan Jovanović", "يوفان يوفانوفيتش"),
    ("Gëzim Krasniqi", "Gezim Krasniqi"),
    ("Xhemal Hoxha", "Džemal Hodža"),
    ("Gjergj Kastrioti", "Ђорђе Кастриоти"),
    # Turkish
    ("Ayşe Yılmaz", "Ajša Jilmaz"),
    ("Mehmet Öztürk", "Mehmet Ozturk"),
    # Arabic, French and English spellings
    ("محمد الأحمد", "Mohamed al-Ahmad"),
    ("Mouhammad Hussein", "محمد حسين"),
    ("يوسف العلي", "Youssef El Ali"),
    ("عبد الرحمن خالد", "Abdurrahman Khaled"),
    ("Abd al-Rahman ibn Khalid", "عبدالرحمن خالد"),
    ("عائشة بن يوسف", "Aïcha Benyoucef"),
    ("وليد الخطيب", "Oualid Khatib"),
    ("صلاح الدين درويش", "Salahuddin Darwish"),
    # Persian, Dari, Pashto, Urdu
    ("نجیب الله احمدی", "Najibullah Ahmadi"),
    ("علی‌رضا احمدی", "Ali Reza Ahmadi"),
    ("زرمینه ستانکزی", "Zarmina Stanikzai"),
    ("ګل محمد مومند", "Gul Mohammad Mohmand"),
    ("عمران چوہدری", "Imran Chaudhry"),
    ("Мухамед Реза Ахмади", "محمد رضا احمدی"),
    # Bengali
    ("মোহাম্মদ রহিম উদ্দিন", "Mohammad Rahim Uddin"),
    ("মোঃ রহিম উদ্দিন", "Md. Rahim Uddin"),
    ("জাহিদ হাসান", "Zahid Hasan"),
    # Tigrinya, Somali
    ("ተስፋይ ገብረመድህን", "Tesfay Gebremedhin"),
    ("ዮናስ በረኸት ሃይለ", "Yonas Bereket Haile"),
    ("Cabdi Maxamed Faarax", "عبدي محمد فرح"),
    ("Xasan Cali", "Hassan Ali"),
    # Ukrainian and Russian
    ("Олександр Шевченко", "Oleksandr Shevchenko"),
    ("Дмитрий Волков", "Dmitry Volkov"),
    # Order, honorifics
    ("Stanikzai Zarmina", "زرمینه ستانکزی"),
    ("Haji Abdul Karim Nuri", "عبدالکریم نوری"),
    ("Sayed Reza Hosseini", "رضا حسینی"),
    ("Mst. Fatema Begum", "ফাতেমা বেগম"),
    ("Khan", "خان"),
]


@pytest.mark.parametrize(("left", "right"), ONE_PERSON)
def test_one_name_in_two_spellings_is_the_same(left: str, right: str) -> None:
    found = compare_names(left, right)
    assert found.level in SAME, found
    assert found.score > 0.1, found


TWO_PERSONS = [
    ("Hasan Karimi", "Husain Karimi"),
    ("حسن کریمی", "حسين كريمي"),
    ("Mahmoud Khatib", "Mohamed Khatib"),
    ("محمود", "محمد"),
    ("Ana Petrović", "Marko Petrović"),
    ("Jamal Nuri", "Kamal Nuri"),
    ("Amin Safi", "Amina Safi"),
    ("Ibrahim Ali", "Abraham Ali"),
    ("Yusuf Haile", "Josip Haile"),
]


@pytest.mark.parametrize(("left", "right"), TWO_PERSONS)
def test_names_that_are_alike_are_not_taken_for_the_same(left: str, right: str) -> None:
    assert compare_names(left, right).level not in SAME


def test_a_same_name_scores_above_an_alike_one() -> None:
    same = compare_names("Husain Karimi", "حسین کریمی").score
    alike = compare_names("Hasan Karimi", "حسین کریمی").score
    different = compare_names("Hasan Karimi", "Петар Илић").score
    assert same > alike > different


def test_a_rare_name_that_is_shared_counts_more_than_a_common_one() -> None:
    assert compare_names("Zlatibor Čupić", "Златибор Чупић").bits > (
        compare_names("Mohammad Khan", "محمد خان").bits
    )


def test_the_explanation_sets_words_side_by_side() -> None:
    found = compare_names("Ahmad Wali", "ولی احمد حیدری")
    assert [(part.left, part.right, part.relation) for part in found.parts] == [
        ("ahmad", "احمد", "same_very_common"),
        ("wali", "ولی", "same_rare"),
        ("", "حیدری", "missing"),
    ]
    assert all(part.words for part in found.parts)


# --- What cannot be read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "no_letters", "empty"),
        ("   ", "no_letters", "empty"),
        ("12/34", "no_letters", "no letters"),
        ("\u200b\u200f", "no_letters", "no letters"),
        ("Маркоبن", "mixed_scripts", "Cyrillic"),
        ("Жelena", "mixed_scripts", "mixes"),
        ("a" * 400, "too_long", "300"),
    ],
)
def test_a_name_that_cannot_be_read_says_why(text: str, code: str, says: str) -> None:
    with pytest.raises(UnreadableName, match=says) as refused:
        read_name(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "read", "repair"),
    [
        ("Мaрко", "марко", "look_alike_letters_replaced"),
        ("Мapko Илић", "марко илић", "look_alike_letters_replaced"),
        ("Peтar", "petar", "look_alike_letters_replaced"),
        ("مـحـمـد", "محمد", "stretched_letters_shortened"),
        ("علی\u200cرضا", "علیرضا", "invisible_characters_removed"),
        ("ﻣﺤﻤﺪ", "محمد", "letter_forms_unified"),
        ("7asan", "hasan", "digits_read_as_letters"),
        ("Ahmed2", "ahmed", "digits_left_out"),
        ("Ali علي", "ali علی", "words_in_several_scripts"),
    ],
)
def test_repairs_are_made_and_reported(text: str, read: str, repair: str) -> None:
    cleaned = scripts.clean(text)
    assert cleaned.text == read
    assert repair in {found.value for found in cleaned.repairs}


@pytest.mark.parametrize(
    ("written", "token"),
    [
        ("محمد", "MHMT"), ("muhammad", "MHMT"), ("ћирић", "XRX"), ("ćirić", "XRX"),
        ("جمال", "JML"), ("xhemal", "JML"), ("ገብረመድህን", "KBRMTHN"), ("চৌধুরী", "XTR"),
        ("یووانوویچ", "JFNFX"), ("oualid", "FLT"), ("وليد", "FLT"),
    ],
)  # fmt: skip
def test_sounds_are_the_same_in_every_script(written: str, token: str) -> None:
    assert sounds.sound(scripts.clean(written).words[0]).token == token


# --- Properties ---------------------------------------------------------------------------------

ALPHABETS = [
    "abcčćdđefghijklmnoprsštuvzžqwxyëçğışöü'",
    "абвгдђежзијклљмнњопрстћуфхцчџшйіїєыэюя",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأإؤئپچژگکیھہے",
    "আইউএকখগঘচছজটডতথদনপবভমযরলশসহািীুূেোৌ্ঁংঃয়ড়",
    "ሀለሐመሠረሰሸቀበተቸኀነኘአከኸወዐዘየደጀገጠጨጰጸፀፈፐብርህንይስ",
]
one_name = st.sampled_from(ALPHABETS).flatmap(
    lambda letters: st.lists(st.text(letters, min_size=1, max_size=9), min_size=1, max_size=5).map(
        " ".join
    )
)


def readable(text: str) -> bool:
    try:
        read_name(text)
    except UnreadableName:
        return False
    return True


@given(one_name.filter(readable), one_name.filter(readable))
@settings(max_examples=300, deadline=None)
def test_comparing_names_is_symmetric_and_bounded(left: str, right: str) -> None:
    one, other = compare_names(left, right), compare_names(right, left)
    assert one.level == other.level
    assert one.score == pytest.approx(other.score)
    assert 0 <= one.score <= 1


@given(one_name.filter(readable))
@settings(max_examples=300, deadline=None)
def test_a_name_is_most_like_itself(name: str) -> None:
    found = compare_names(name, name)
    read = read_name(name)
    if not any(word.initial for word in read.words):
        assert found.level in SAME
        assert all(part.relation.startswith("same") for part in found.parts)


@given(st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = read_name(text)
    except UnreadableName as error:
        assert str(error)
        return
    assert read.words and all(word.token for word in read.words)
    assert names.level_of(read, read)


@given(one_name.filter(readable))
@settings(max_examples=100, deadline=None)
def test_invisible_characters_change_nothing(name: str) -> None:
    assert [w.token for w in read_name("\u200f" + name + "\u200b").words] == [
        w.token for w in read_name(name).words
    ]
