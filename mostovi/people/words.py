# SPDX-License-Identifier: EUPL-1.2
"""How fields, answers and states of a person's file are called on screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from mostovi.people import fields, scripts
from mostovi.people.birth import Birth, Precision
from mostovi.people.consent import EventKind, Means, Reason, State
from mostovi.people.names import Order, PartKind, PersonName, Usage

Words = Mapping[str, str | Promise]

SEXES: Words = {
    "female": _("Female"), "male": _("Male"), "other": _("Another answer"),
    "unknown": _("Unknown"), "not_asked": _("Not asked"),
}  # fmt: skip
ANSWERS: Words = {
    "yes": _("Yes"), "no": _("No"), "unknown": _("Unknown"), "not_asked": _("Not asked"),
}  # fmt: skip
SAFETY: Words = {
    "yes": _("Yes"), "ask_first": _("Ask first"), "no": _("No"), "unknown": _("Unknown"),
    "not_asked": _("Not asked"),
}  # fmt: skip
SAFETY_SAID: Words = {
    "yes": _("May be used"), "ask_first": _("Ask the person first"), "no": _("Do not use"),
    "unknown": _("Not known whether it is safe: do not use"),
    "not_asked": _("Not asked whether it is safe: do not use"),
}  # fmt: skip
SAFETY_TONES: Mapping[str, str] = {"yes": "ok", "ask_first": "warn", "no": "stop"}
CONTACT_KINDS: Words = {
    "phone": _("Telephone"), "messaging": _("Messages (number or name)"), "email": _("E-mail"),
    "address": _("Address or place"),
}  # fmt: skip
RELATIONS: Words = {
    "mother": _("Mother"), "father": _("Father"), "child": _("Child"), "spouse": _("Spouse"),
    "sibling": _("Brother or sister"), "grandparent": _("Grandparent"),
    "grandchild": _("Grandchild"), "aunt_or_uncle": _("Aunt or uncle"), "cousin": _("Cousin"),
    "caregiver": _("Caregiver"), "other": _("Another relation"),
}  # fmt: skip
PARTS: Mapping[PartKind, str | Promise] = {
    PartKind.GIVEN: _("Given name"), PartKind.FAMILY: _("Family name"),
    PartKind.PATRONYMIC: _("Father's or grandfather's name"), PartKind.MIDDLE: _("Middle name"),
    PartKind.KUNYA: _("Called (kunya, nickname)"), PartKind.NISBA: _("Name of origin (nisba)"),
    PartKind.TRIBE: _("Clan or tribe"), PartKind.WHOLE: _("Whole name"),
}  # fmt: skip
USAGES: Mapping[Usage, str | Promise] = {
    Usage.OWN: _("As the person says it"), Usage.DOCUMENT: _("As in a document"),
    Usage.BIRTH: _("At birth"), Usage.ALIAS: _("Another name in use"),
    Usage.TRANSLITERATION: _("Written in another script"),
}  # fmt: skip
ORDERS: Mapping[Order, str | Promise] = {
    Order.GIVEN_FIRST: _("Given name first"), Order.FAMILY_FIRST: _("Family name first"),
}  # fmt: skip
PRECISIONS: Mapping[Precision, str | Promise] = {
    Precision.DAY: _("The day is known"), Precision.MONTH: _("Month and year are known"),
    Precision.YEAR: _("Only the year is known"), Precision.ESTIMATED: _("The year is estimated"),
    Precision.UNKNOWN: _("Unknown"),
}  # fmt: skip
SCRIPTS: Words = {
    "Latn": _("Latin"), "Cyrl": _("Cyrillic"), "Arab": _("Arabic letters"),
    "Beng": _("Bengali"), "Ethi": _("Ethiopic"), "Grek": _("Greek"), "Geor": _("Georgian"),
    "Armn": _("Armenian"), "Deva": _("Devanagari"), "Guru": _("Gurmukhi"), "Taml": _("Tamil"),
    "Sinh": _("Sinhala"), "Hebr": _("Hebrew"), "Syrc": _("Syriac"), "Tfng": _("Tifinagh"),
    "Hani": _("Chinese characters"), "Hang": _("Korean"), "Thai": _("Thai"),
    "Mymr": _("Burmese"), "Thaa": _("Thaana"), "Nkoo": _("N'Ko"),
    scripts.UNDETERMINED: _("Another script"),
}  # fmt: skip
FIELDS: Words = {
    "birth": _("Date of birth"), "sex": _("Sex"), "citizenships": _("Citizenship"),
    "languages": _("Languages"), "interpreter": _("Needs an interpreter"),
    "reading": _("Can read"), "notes": _("What staff should know"), "name": _("Name"),
    "contact": _("Contact"), "family": _("Family member"),
}  # fmt: skip
MEANS: Mapping[Means, str | Promise] = {
    Means.ORAL: _("The text was read to the person, who answered aloud"),
    Means.WRITTEN: _("The person read the text and signed"),
    Means.AUDIO: _("The person listened to the recorded text and answered"),
    Means.INTERPRETER: _("Through an interpreter"),
}
STATES: Mapping[State, str | Promise] = {
    State.GIVEN: _("In force"), State.REFUSED: _("Refused"), State.WITHDRAWN: _("Withdrawn"),
    State.EXPIRED: _("Ended"), State.NOT_VALID: _("Not valid"),
    State.OVERRIDE_WAITING: _("Waits for a second reviewer"),
    State.OVERRIDE_APPROVED: _("In force under a legal duty"),
    State.OVERRIDE_REFUSED: _("Refused by the second reviewer"),
}  # fmt: skip
STATE_TONES: Mapping[State, str] = {
    State.GIVEN: "ok", State.OVERRIDE_APPROVED: "warn", State.OVERRIDE_WAITING: "warn",
    State.WITHDRAWN: "stop", State.REFUSED: "stop",
}  # fmt: skip
EVENTS: Mapping[EventKind, str | Promise] = {
    EventKind.GIVEN: _("Consent given"), EventKind.REFUSED: _("Consent refused"),
    EventKind.WITHDRAWN: _("Withdrawn"), EventKind.EXPIRED: _("Time ran out"),
    EventKind.OVERRIDE_REQUESTED: _("Sharing under a legal duty asked for"),
    EventKind.OVERRIDE_APPROVED: _("Approved by the second reviewer"),
    EventKind.OVERRIDE_REFUSED: _("Refused by the second reviewer"),
}  # fmt: skip
REASONS: Mapping[Reason, str | Promise] = {
    Reason.CONSENT: _("The person consents."),
    Reason.OVERRIDE: _("A legal duty, approved by a second reviewer."),
    Reason.NOTHING_RECORDED: _("No consent for this receiver and purpose is recorded."),
    Reason.REFUSED: _("Refused."),
    Reason.WITHDRAWN: _("The consent was withdrawn."),
    Reason.EXPIRED: _("The consent has ended."),
    Reason.NOT_YET: _("The consent's time lies ahead; check the clock of the computer."),
    Reason.FIELDS_NOT_NAMED: _("The consent does not name everything you want to send."),
    Reason.NO_FIELDS_ASKED: _("Choose what you want to send."),
    Reason.GUARDIAN_MISSING: _("For a child, or when age is in doubt, the guardian consents."),
    Reason.CHILD_NOT_HEARD: _("The child's own view is not recorded."),
    Reason.NO_LEGAL_BASIS: _("No legal duty is named."),
    Reason.SECOND_REVIEWER_MISSING: _("A second reviewer has not decided yet."),
}

# What the pure modules say; listed here so that translators find it.
MESSAGES = (
    gettext_noop("Write the year of birth, or choose 'unknown'."),
    gettext_noop("An unknown date of birth has no year, month or day."),
    gettext_noop("Write the year with four digits, such as 1994."),
    gettext_noop("Give the month, or choose that only the year is known."),
    gettext_noop("The month is a number from 1 to 12."),
    gettext_noop("Give the day, or choose that only the month is known."),
    gettext_noop("The estimate's margin is a number of years from 0 to 20."),
    gettext_noop("The date of birth lies in the future."),
    gettext_noop("Write this part of the date as a number."),
    gettext_noop("Say how exactly the date is known."),
    gettext_noop("Write at least one part of the name with letters."),
    gettext_noop("The name holds a character that cannot be written."),
    gettext_noop("Write the number or address, or take it away."),
    gettext_noop("A phone number has at least five digits."),
    gettext_noop("Write the name, or the code of a person held here."),
    gettext_noop("The value does not have the form this field takes."),
    gettext_noop("Data can only be shared for the purpose it is held for."),
    gettext_noop("Choose who will receive the data."),
    gettext_noop("This is your own node; choose another receiver."),
    gettext_noop("Choose at least one thing that may be shared."),
    gettext_noop("Choose a day after today."),
    gettext_noop("A consent lasts two years at most; it can be renewed."),
    gettext_noop("Say how consent was taken."),
    gettext_noop("Say that an interpreter was present."),
    gettext_noop(
        "For a child, or when age is in doubt, the guardian consents. Write the guardian's name; "
        "without a guardian, ask for one to be appointed first."
    ),
    gettext_noop("Write what the child said about it."),
    gettext_noop("Choose a legal duty that holds for this purpose."),
    gettext_noop("Write in a sentence or two why this cannot wait."),
    gettext_noop("This request is decided or ended already."),
    gettext_noop("Write the reason for your decision."),
    gettext_noop("Write why this value is the right one."),
)

# Languages often met on the route and in the region, first; all others follow by name.
FIRST_LANGUAGES = (
    "ar", "fa", "prs", "ps", "ur", "ku", "ckb", "tr", "bn", "pa", "hi", "ne", "ti", "am", "so",
    "fr", "en", "es", "ru", "uk", "zh", "rw", "sw", "ln", "ha", "wo", "bm", "ff", "zgh",
    "sq", "bs", "hr", "sr", "mk", "rom",
)  # fmt: skip
# As the CLDR has them, but for prs, zgh and rom. Asking Babel loads a whole locale for each name,
# together thirty megabytes that would stay in memory.
_OWN_NAMES = {
    "ar": "العربية", "fa": "فارسی", "prs": "دری", "ps": "پښتو", "ur": "اردو",
    "ku": "kurdî (kurmancî)", "ckb": "کوردیی ناوەندی", "tr": "Türkçe", "bn": "বাংলা",
    "pa": "ਪੰਜਾਬੀ", "hi": "हिन्दी", "ne": "नेपाली", "ti": "ትግርኛ", "am": "አማርኛ",
    "so": "Soomaali", "fr": "français", "en": "English", "es": "español", "ru": "русский",
    "uk": "українська", "zh": "中文", "rw": "Ikinyarwanda", "sw": "Kiswahili",
    "ln": "lingála", "ha": "Hausa", "wo": "Wolof", "bm": "bamanakan", "ff": "Pulaar",
    "zgh": "ⵜⴰⵎⴰⵣⵉⵖⵜ", "sq": "shqip", "bs": "bosanski", "hr": "hrvatski", "sr": "српски",
    "mk": "македонски", "rom": "Romani",
}  # fmt: skip


def _locale() -> Locale:
    try:
        return Locale.parse((get_language() or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


@lru_cache(maxsize=512)
def _language(code: str, reader: str) -> str:
    own = _OWN_NAMES.get(code)
    try:
        own = own or Locale.parse(code).get_display_name(code)
    except (UnknownLocaleError, ValueError):
        own = own or ""
    seen = _locale().languages.get(code) or _OWN_NAMES.get(code) or code
    return f"{seen} ({own})" if own and own.casefold() != seen.casefold() else str(seen)


def language_name(code: str) -> str:
    """A language in the reader's words, with its own name."""
    return _language(code, get_language() or "en")


def language_choices() -> list[tuple[str, str]]:
    """Languages to choose from, those often met first."""
    return [("", "—"), *((code, language_name(code)) for code in FIRST_LANGUAGES)]


def country_name(code: str) -> str:
    """A country in the reader's words; Kosovo carries its asterisk."""
    if code == "XXA":
        return gettext("Stateless")
    if code == "XXX":
        return gettext("Unknown")
    name = str(_locale().territories.get(code, code))
    return f"{name}*" if code == "XK" else name


def country_choices() -> list[tuple[str, str]]:
    """All countries by name, with stateless and unknown as answers of their own."""
    codes = [str(code) for code in _locale().territories]
    codes = [code for code in codes if len(code) == 2 and code.isalpha()]
    unused = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"}
    listed = sorted((country_name(code), code) for code in codes if code not in unused)
    special = [(code, country_name(code)) for code in ("XXA", "XXX")]
    return [("", "—"), *special, *((code, name) for name, code in listed)]


def birth_words(birth: Birth) -> str:
    """The date of birth as people say it, by the reader's locale."""
    if birth.precision is Precision.UNKNOWN or birth.year is None:
        return gettext("unknown")
    if birth.precision is Precision.DAY:
        return date_format(date(birth.year, birth.month or 1, birth.day or 1), "DATE_FORMAT")
    if birth.precision is Precision.MONTH:
        return date_format(date(birth.year, birth.month or 1, 1), "YEAR_MONTH_FORMAT")
    if birth.precision is Precision.ESTIMATED:
        return gettext("about %(year)s, give or take %(margin)s years") % {
            "year": birth.year, "margin": birth.margin,
        }  # fmt: skip
    return str(birth.year)


def age_words(birth: Birth, today: date | None = None) -> str:
    """The age as people say it: a number, a span, or that it is not known."""
    ages = birth.age(today or timezone.localdate())
    if ages is None:
        return gettext("age unknown")
    if ages[0] == ages[1]:
        return ngettext("%(age)s year", "%(age)s years", ages[0]) % {"age": ages[0]}
    return gettext("%(from)s to %(to)s years") % {"from": ages[0], "to": ages[1]}


def field_name(field: str) -> str:
    """What a field is called, by its name or its profile's."""
    return str(FIELDS.get(field.partition(".")[0], field))


def value_words(field: str, value: Any) -> str:
    """A field's value in one line, for conflicts and history."""
    if value in (None, "", []):
        return gettext("nothing")
    kind = field.partition(".")[0]
    if kind == "birth":
        birth = Birth.from_json(value)
        return gettext("%(date)s; %(age)s") % {
            "date": birth_words(birth), "age": age_words(birth),
        }  # fmt: skip
    if kind == "sex":
        return str(SEXES.get(value, value))
    if kind in {"interpreter", "reading"}:
        return str(ANSWERS.get(value, value))
    if kind == "languages":
        return ", ".join(language_name(code) for code in value)
    if kind == "citizenships":
        return ", ".join(country_name(code) for code in value)
    if kind == "name":
        name = PersonName.from_json(value)
        return f"{name.written} ({SCRIPTS.get(name.script, name.script)}; {USAGES[name.usage]})"
    if kind == "contact":
        said = SAFETY_SAID.get(value.get("safe", ""), "")
        return f"{CONTACT_KINDS.get(value['kind'], value['kind'])}: {value['value']} ({said})"
    if kind == "family":
        who = value.get("name") or value.get("other") or gettext("name unknown")
        return f"{RELATIONS.get(value['relation'], value['relation'])}: {who}"
    return str(value)


def script_choices() -> list[tuple[str, str | Promise]]:
    """Scripts to choose from; the first recognises the script from the letters."""
    return [("", _("Recognise it from the letters")), *SCRIPTS.items()]


# A script that can be recorded but has no words would show its code.
assert set(SCRIPTS) == {*scripts.SCRIPTS, scripts.UNDETERMINED}  # noqa: S101
assert set(FIELDS) == {*fields.SINGLE, *fields.LISTS}  # noqa: S101
