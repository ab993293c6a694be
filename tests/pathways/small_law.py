# SPDX-License-Identifier: EUPL-1.2
"""A small law of two partners and the EU, for tests of pages: the real files change in time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mostovi.content import CONTENT
from mostovi.pathways import law_files
from mostovi.pathways.library import library

PARTNER = """\
# SPDX-License-Identifier: EUPL-1.2
partner: me
name: {en: Montenegro}
languages: [sr]
currency: EUR
acts:
  foreigners_2018:
    title: {en: Law on Foreigners, sr: Закон о странцима}
    gazette: ["Sl. list CG 12/2018"]
    from: 2018-03-03
    to: null
    url: https://example.org/act
    evidence: text
authorities:
  ministry: {name: {en: Ministry of the Interior}, url: null, evidence: text}
  court: {name: {en: Administrative Court}, url: null, evidence: memory}
parameters:
  pay:
    title: {en: average pay}
    unit: times_average_pay
    values:
      - {from: 2018-01-01, to: null, amount: 1.5, cite: null, evidence: unconfirmed}
definitions:
  clean:
    title: {en: No criminal record}
    topic: record
    cite: {act: foreigners_2018, article: "43", paragraph: "1", point: "5"}
    evidence: text
    confidence: high
    review: {status: not_yet, by: null, on: null}
    fact: clean_record
    is: true
"""

STUDY = """\
# SPDX-License-Identifier: EUPL-1.2
pathway: study
partner: me
availability: in_law
local_name: {sr: Студирање}
versions:
  - version: "2018.1"
    from: 2018-03-03
    to: 2023-12-31
    complete: true
    review: {status: not_yet, by: null, on: null}
    conditions:
      - code: place
        title: {en: A place to study}
        topic: study_place
        cite: {act: foreigners_2018, article: "50", paragraph: null, point: null}
        evidence: text
        confidence: high
        review: {status: not_yet, by: null, on: null}
        fact: accepted_to_study
        is: true
  - version: "2024.1"
    from: 2024-01-01
    to: null
    complete: false
    review: {status: not_yet, by: null, on: null}
    conditions:
      - code: place
        title: {en: A place to study}
        topic: study_place
        cite: {act: foreigners_2018, article: "50", paragraph: "2", point: null}
        evidence: text
        confidence: high
        review: {status: not_yet, by: null, on: null}
        fact: accepted_to_study
        is: true
      - code: means
        title: {en: Money or a roof}
        topic: income
        cite: {act: foreigners_2018, article: "51", paragraph: null, point: null}
        evidence: secondary
        confidence: medium
        review: {status: not_yet, by: null, on: null}
        any:
          - {code: money, title: {en: Own money}, fact: enough_money, is: true}
          - {code: roof, title: {en: A home}, fact: housing, is: true}
      - {code: record, definition: clean}
    documents:
      - {code: passport, cite: {act: foreigners_2018, article: "52"}, evidence: text}
    deadlines:
      - {code: decision, amount: 30, unit: days, from: complete_application, evidence: unconfirmed}
    fees: [{code: administrative_fee, amount: null, currency: EUR, evidence: unconfirmed}]
    rights: [{code: study, when: after, cite: null, evidence: memory}]
    authority: {code: ministry}
    appeal: {to: court, amount: 15, unit: days, suspends: null, cite: null, evidence: memory}
    next: [long_term_residence]
"""

GOLDEN = """\
pathway: study
partner: me
cases:
  - title: A student with money
    "on": 2026-11-24
    facts: {accepted_to_study: true, enough_money: true, clean_record: true}
    expect: open
    logic: true
  - title: A student with neither money nor a home
    "on": 2026-11-24
    facts: {accepted_to_study: true, enough_money: false, housing: false, clean_record: true}
    expect: maybe
    logic: false
    fails: [means]
  - title: Nothing known
    "on": 2026-11-24
    facts: {}
    expect: maybe
    logic: unknown
"""

OTHER = """\
pathway: long_term_residence
partner: me
availability: none_found
availability_note: {en: We looked into the act and found no such way.}
versions: []
"""

RS_PARTNER = PARTNER.replace("partner: me", "partner: rs").replace("Montenegro", "Serbia")
RS_STUDY = STUDY.replace("partner: me", "partner: rs").replace(
    "          - {code: roof, title: {en: A home}, fact: housing, is: true}\n", ""
)

EU_PARTNER = """\
partner: eu
name: {en: EU law}
languages: [en]
currency: EUR
acts:
  dir_2016_801:
    title: {en: Directive (EU) 2016/801}
    gazette: ["OJ L 132, 21.5.2016"]
    from: 2016-05-22
    to: null
    url: null
    evidence: memory
authorities: {}
parameters: {}
definitions: {}
"""

EU_STUDY = """\
pathway: study
partner: eu
availability: in_law
versions:
  - version: "2016.1"
    from: 2016-05-22
    to: null
    complete: true
    review: {status: not_yet, by: null, on: null}
    conditions:
      - code: place
        title: {en: A place to study}
        topic: study_place
        cite: {act: dir_2016_801, article: "11"}
        evidence: memory
        confidence: medium
        review: {status: not_yet, by: null, on: null}
        fact: accepted_to_study
        is: true
      - code: money
        title: {en: Enough money}
        topic: income
        cite: {act: dir_2016_801, article: "7"}
        evidence: memory
        confidence: medium
        review: {status: not_yet, by: null, on: null}
        fact: enough_money
        is: true
"""

FILES = {
    "me/partner.yaml": PARTNER,
    "me/study.yaml": STUDY,
    "me/long_term_residence.yaml": OTHER,
    "me/golden/study.yaml": GOLDEN,
    "rs/partner.yaml": RS_PARTNER,
    "rs/study.yaml": RS_STUDY,
    "eu/partner.yaml": EU_PARTNER,
    "eu/study.yaml": EU_STUDY,
}


@contextmanager
def small_law(folder: Path) -> Iterator[Path]:
    """Let the installation's law be the small one, in `folder`, and then its own again."""
    for shared in (CONTENT / "law").glob("*.yaml"):
        shutil.copy(shared, folder)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    store = library()
    before = store.folder
    store.folder = folder
    reread()
    try:
        yield folder
    finally:
        store.folder = before
        reread()


def reread() -> None:
    """Forget what was read: a file has changed."""
    store = library()
    store._laws.clear()
    store._rule_sets.clear()
    store.__dict__.pop("codes", None)
    law_files.forget()
