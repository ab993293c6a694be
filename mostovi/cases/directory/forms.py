# SPDX-License-Identifier: EUPL-1.2
"""Forms of the directory: an entry, a report of free places, a file to import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from mostovi.cases.directory import reading
from mostovi.cases.directory.entries import ACCESS, CAPACITY_UNITS, DAYS, Entry
from mostovi.cases.directory.models import Status
from mostovi.cases.vocabulary import case_types, needs

_SIMPLE = ("age", "child", "sex", "case_type")


def _offer(form: forms.Form, name: str, choices: list[tuple[str, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 - every caller names one of its own
    field.choices = choices


class ServiceForm(forms.Form):
    """One entry. Lists are written one a line, so that the page needs no scripts."""

    code = forms.SlugField(
        label=_("Code"), max_length=60,
        help_text=_("Small letters and figures, such as me-legal-aid. It cannot be changed later."),
    )  # fmt: skip
    node = forms.CharField(
        label=_("Node"), max_length=40,
        help_text=_("The code of the partner's node that answers, such as me."),
    )  # fmt: skip
    unit = forms.ChoiceField(
        label=_("Unit"), required=False,
        help_text=_("The unit of this institution that runs the service, if it is one of yours."),
    )  # fmt: skip
    name = forms.CharField(label=_("Name of the service"), max_length=200)
    organization = forms.CharField(label=_("Run by"), max_length=200)
    description = forms.CharField(
        label=_("What it does"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000,
        required=False,
    )  # fmt: skip
    status = forms.ChoiceField(label=_("Is it open?"))
    needs = forms.MultipleChoiceField(
        label=_("What it helps with"), widget=forms.CheckboxSelectMultiple
    )
    languages = forms.CharField(
        label=_("Languages"), required=False, max_length=200,
        help_text=_("Codes with commas between them, such as sr, en, ar."),
    )  # fmt: skip
    interpretation = forms.BooleanField(label=_("It brings an interpreter"), required=False)
    phones = forms.CharField(
        label=_("Telephone"), widget=forms.Textarea(attrs={"rows": 2, "dir": "ltr"}),
        required=False, max_length=1000,
        help_text=_("The service's own numbers, one a line; after | when and for what."),
    )  # fmt: skip
    email = forms.EmailField(label=_("E-mail"), required=False)
    hours = forms.CharField(
        label=_("Opening hours"), widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr"}),
        required=False, max_length=1000,
        help_text=_("One line for each: MO,TU,WE 08:00-15:00 | a note."),
    )  # fmt: skip
    cost = forms.DecimalField(
        label=_("What it costs"), required=False, min_value=0, max_digits=9, decimal_places=2,
        help_text=_("0 when it costs nothing; leave empty when not known."),
    )  # fmt: skip
    place_name = forms.CharField(label=_("Name of the place"), max_length=200, required=False)
    place = forms.CharField(label=_("Town"), max_length=120, required=False)
    shielded = forms.BooleanField(
        label=_("The address is secret"), required=False,
        help_text=_("For safe houses. No address and no point on a map is kept."),
    )  # fmt: skip
    address = forms.CharField(label=_("Street and number"), max_length=200, required=False)
    latitude = forms.FloatField(label=_("Latitude"), required=False)
    longitude = forms.FloatField(label=_("Longitude"), required=False)
    accessibility = forms.MultipleChoiceField(
        label=_("How it is accessible"), widget=forms.CheckboxSelectMultiple, required=False
    )
    for_age = forms.ChoiceField(label=_("For children or adults"), required=False)
    at_least = forms.IntegerField(label=_("From age"), required=False, min_value=0, max_value=130)
    at_most = forms.IntegerField(label=_("Up to age"), required=False, min_value=0, max_value=130)
    sexes = forms.MultipleChoiceField(
        label=_("Only for"), widget=forms.CheckboxSelectMultiple, required=False,
        help_text=_("Leave empty when it is for everybody."),
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=_("Only in these kinds of case"), widget=forms.CheckboxSelectMultiple,
        required=False, help_text=_("Leave empty when it is for every kind."),
    )  # fmt: skip
    eligibility = forms.CharField(
        label=_("For whom, in words"), widget=forms.Textarea(attrs={"rows": 2}), required=False,
        max_length=1000,
    )  # fmt: skip
    answer_days = forms.IntegerField(
        label=_("Answers a referral within (days)"), min_value=1, max_value=60, initial=5
    )
    takes_referrals = forms.BooleanField(
        label=_("It takes referrals"), required=False, initial=True
    )
    public = forms.BooleanField(
        label=_("May be shown to anybody"), required=False,
        help_text=_("Also on public pages. Not for a service whose users must not be found."),
    )  # fmt: skip
    source = forms.CharField(label=_("Where this comes from"), max_length=200, required=False)
    assured_on = forms.DateField(
        label=_("Checked with the service on"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    def __init__(self, *args: Any, is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            self.fields["code"].disabled = True
        units = [(unit, unit.replace("-", " ").capitalize()) for unit in settings.MOSTOVI.units]
        _offer(self, "unit", [("", translate("another institution")), *units])
        _offer(self, "status", list(Status.choices))
        _offer(self, "needs", [(code, translate(words)) for code, words in needs().items()])
        _offer(self, "accessibility", [(code, reading.access_words(code)) for code in ACCESS])
        _offer(self, "for_age", [
            ("", translate("for everybody")), ("children", translate("children")),
            ("adults", translate("adults")),
        ])  # fmt: skip
        _offer(self, "sexes", [
            ("female", translate("women and girls")), ("male", translate("men and boys")),
            ("other", translate("people of another sex")),
        ])  # fmt: skip
        _offer(self, "kinds", [(code, translate(words)) for code, words in case_types().items()])

    def clean_phones(self) -> list[dict[str, str]]:
        """Lines as {number, description}."""
        found = []
        for line in self.cleaned_data["phones"].splitlines():
            number, _bar, note = (part.strip() for part in line.partition("|"))
            if number:
                found.append({"number": number} | ({"description": note} if note else {}))
        return found

    def clean_hours(self) -> list[dict[str, Any]]:
        """Lines as {days, opens, closes, note}."""
        found = []
        for number, line in enumerate(self.cleaned_data["hours"].splitlines(), 1):
            when, _bar, note = (part.strip() for part in line.partition("|"))
            if not when and not note:
                continue
            match = re.match(r"^([A-Z]{2}(?:,[A-Z]{2})*)(?:\s+(\d\d:\d\d)-(\d\d:\d\d))?$", when)
            if not match or not set(match[1].split(",")) <= set(DAYS):
                raise forms.ValidationError(
                    translate("Line %(number)s: write MO,TU 08:00-15:00.") % {"number": number}
                )
            found.append(
                {"days": match[1].split(",")}
                | ({"opens": match[2], "closes": match[3]} if match[2] else {})
                | ({"note": note} if note else {})
            )
        return found

    def entry(self, before: Mapping[str, Any]) -> Entry:
        """The entry as filled; what the form does not show stays as in `before`."""
        made = self.cleaned_data
        organization = dict(before.get("organization") or {})
        if organization.get("name") != made["organization"]:
            organization = {"name": made["organization"]}
        return {
            **before,
            "code": before.get("code") or made["code"],
            **{
                key: made[key]
                for key in ("node", "unit", "name", "description", "status", "needs",
                            "interpretation", "phones", "email", "eligibility", "answer_days",
                            "takes_referrals", "public", "source")
            },
            "organization": organization,
            "languages": [c.strip() for c in made["languages"].split(",") if c.strip()],
            "schedules": made["hours"],
            "costs": _costs(before, made["cost"]),
            "locations": _places(before, made),
            "conditions": _conditions(before, made),
            "assured_on": made["assured_on"].isoformat() if made["assured_on"] else None,
        }  # fmt: skip


def _costs(before: Mapping[str, Any], cost: Any) -> list[dict[str, Any]]:
    if cost is None:
        return []
    amount = int(cost) if cost == int(cost) else float(cost)
    first: dict[str, Any] = next(iter(before.get("costs") or []), {})
    return [{**first, "amount": amount}]


def _places(before: Mapping[str, Any], made: Mapping[str, Any]) -> list[dict[str, Any]]:
    places = list(before.get("locations") or [])
    if not made["place_name"] and not made["place"]:
        return places[1:]
    first: dict[str, Any] = dict(places[0]) if places else {}
    return [
        first
        | {
            "name": made["place_name"] or made["place"], "place": made["place"],
            "address": made["address"], "latitude": made["latitude"],
            "longitude": made["longitude"], "accessibility": made["accessibility"],
            "shielded": made["shielded"],
        },
        *places[1:],
    ]  # fmt: skip


def _conditions(before: Mapping[str, Any], made: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = [one for one in before.get("conditions") or [] if one.get("fact") not in _SIMPLE]
    found: list[dict[str, Any]] = []
    if made["for_age"]:
        found.append({"fact": "child", "is": made["for_age"] == "children"})
    ages = {key: made[key] for key in ("at_least", "at_most") if made[key] is not None}
    if ages:
        found.append({"fact": "age", **ages})
    if made["sexes"]:
        found.append({"fact": "sex", "is": made["sexes"]})
    if made["kinds"]:
        found.append({"fact": "case_type", "is": made["kinds"]})
    return found + kept


FIELD_OF: Mapping[str, str] = {
    "locations": "place_name", "schedules": "hours", "costs": "cost", "conditions": "for_age",
    "id": "code", "capacity": "name",
}  # fmt: skip
"""Where on the form a problem of the entry is shown."""


def initial_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of an entry."""
    place: Mapping[str, Any] = next(iter(entry["locations"]), {})
    simple = {one["fact"]: one for one in entry["conditions"] if one.get("fact") in _SIMPLE}
    child = simple.get("child", {}).get("is")
    return {
        **{key: entry[key] for key in entry if key not in {"organization", "conditions"}},
        "organization": entry["organization"]["name"],
        "languages": ", ".join(entry["languages"]),
        "phones": "\n".join(
            _line(phone["number"], phone.get("description")) for phone in entry["phones"]
        ),
        "hours": "\n".join(
            _line(
                ",".join(one["days"])
                + (f" {one['opens']}-{one['closes']}" if one.get("opens") else ""),
                one.get("note"),
            )
            for one in entry["schedules"]
        ),
        "cost": entry["costs"][0]["amount"] if entry["costs"] else None,
        "place_name": place.get("name", ""), "place": place.get("place", ""),
        "address": place.get("address", ""), "latitude": place.get("latitude"),
        "longitude": place.get("longitude"), "accessibility": place.get("accessibility", []),
        "shielded": place.get("shielded", False),
        "for_age": {True: "children", False: "adults"}.get(child, ""),
        "at_least": simple.get("age", {}).get("at_least"),
        "at_most": simple.get("age", {}).get("at_most"),
        "sexes": simple.get("sex", {}).get("is", []),
        "kinds": simple.get("case_type", {}).get("is", []),
    }  # fmt: skip


def _line(first: str, note: str | None) -> str:
    return f"{first} | {note}" if note else first


class CapacityForm(forms.Form):
    """How full the service is now."""

    unit = forms.ChoiceField(label=_("What is counted"))
    maximum = forms.IntegerField(label=_("How many there are"), min_value=0, max_value=100_000)
    in_use = forms.IntegerField(label=_("How many are in use"), min_value=0, max_value=100_000)
    waiting = forms.IntegerField(
        label=_("How many wait"), min_value=0, max_value=100_000, initial=0
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "unit", [(code, reading.unit_words(code)) for code in CAPACITY_UNITS])


class ImportForm(forms.Form):
    """An HSDS file."""

    file = forms.FileField(
        label=_("File"), help_text=_("HSDS 3: a JSON file, or a data package of CSV tables (zip).")
    )
    node = forms.CharField(
        label=_("Node of services that name none"), required=False, max_length=40,
        help_text=_("For files of other directories, such as ba."),
    )  # fmt: skip
