# SPDX-License-Identifier: EUPL-1.2
"""Which pictogram (of Bootstrap Icons) stands beside which question, answer and help. Pure."""

from __future__ import annotations

from collections.abc import Mapping

GROUPS: Mapping[str, str] = {
    "you": "person", "here": "geo-alt", "safety": "shield", "family": "people", "work": "briefcase",
    "study": "book", "means": "wallet2", "time": "calendar3", "return": "airplane",
    "protection": "shield", "stay": "house-check",
}  # fmt: skip
FACTS: Mapping[str, str] = {
    "age": "cake2", "citizenship": "passport", "no_country_accepts_me": "person-x",
    "where": "geo-alt", "entered_regularly": "sign-merge-left", "months_here": "calendar3",
    "status_here": "person-vcard", "return_decision": "envelope-exclamation",
    "entry_ban": "slash-circle", "fears_persecution": "shield-exclamation",
    "fears_serious_harm": "fire", "fled_listed_conflict": "umbrella",
    "forced_or_controlled": "link-45deg", "exploited_at_work": "tools", "violence_now": "bandaid",
    "violence_by_partner": "house-exclamation", "serious_illness": "thermometer-half",
    "treatment_only_here": "hospital", "pregnant": "heart", "disability": "universal-access",
    "without_parents": "person-hearts", "guardian_appointed": "person-check",
    "relative_here": "people", "relative_status": "person-vcard", "spouse_age": "cake2",
    "marriage_real": "hearts", "relative_housing": "house", "relative_enough_money": "cash-coin",
    "relative_health_insurance": "hospital", "job_offer": "briefcase",
    "contract_months": "calendar3", "pay_to_average": "cash-stack", "pay_as_locals": "cash-stack",
    "job_of_fixed_seasons": "basket", "company_transfer": "building",
    "qualification": "mortarboard", "profession_recognised": "award", "own_business": "shop",
    "works_online_for_abroad": "laptop", "passport_valid": "passport", "enough_money": "cash-coin",
    "housing": "house", "health_insurance": "hospital", "clean_record": "file-earmark-check",
    "long_stay_visa": "stickies", "language_known": "translate", "wants_to_return": "airplane",
    "return_safe": "shield-check", "fit_to_travel": "activity", "appeal_open": "hourglass-split",
    "helps_investigation": "chat-dots", "months_since_asylum_application": "calendar3",
}  # fmt: skip
ANSWERS: Mapping[str, str] = {
    "yes": "check-lg", "no": "x-lg", "unknown": "question-lg", "skipped": "dash-lg",
    "inside": "house-door", "at_border": "signpost-split", "abroad": "globe",
    "spouse": "heart", "partner": "hearts", "my_child_under_18": "emoji-smile",
    "my_adult_child": "person", "parent_or_guardian": "people", "school": "backpack",
    "higher_education": "mortarboard", "research": "lightbulb", "training": "tools",
    "volunteering": "hand-thumbs-up", "au_pair": "house-heart", "language_course": "translate",
}  # fmt: skip
DANGERS: Mapping[str, str] = {
    "trafficking": "link-45deg", "child_alone": "person-hearts", "violence": "bandaid",
}  # fmt: skip


def of_fact(code: str, group: str) -> str:
    """The pictogram of a question: its own, or that of its group."""
    return FACTS.get(code, GROUPS.get(group, "question-lg"))
