# SPDX-License-Identifier: EUPL-1.2
"""`mostovi pathways check`, `validate`, `golden` and `show`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mostovi.pathways.answers import check
from mostovi.pathways.facts import BadFacts, read_facts
from mostovi.pathways.golden import GoldenCase, Verdict, load_golden, run
from mostovi.pathways.law import PartnerLaw, Pathway
from mostovi.pathways.library import Library, UnknownPartner, library
from mostovi.pathways.loader import load_partner, load_pathway
from mostovi.pathways.reading import BadLaw, LawProblem
from mostovi.pathways.reporting import as_data, as_text, citation_data, review_data, title
from mostovi.pathways.rules import RuleSet
from mostovi.pathways.texts import SOURCE, texts

DONE, FOUND, BAD_INPUT = 0, 1, 2
_LARGEST_FACTS = 1_000_000


def register(verbs: Any) -> None:
    """Add the verbs."""
    checking = verbs.add_parser("check", help="which ways are open to a person, with reasons")
    checking.add_argument("facts", type=Path, metavar="FACTS.json", help="facts; - reads them in")
    checking.add_argument("--partner", required=True, help="whose law: al ba me mk rs xk, or eu")
    checking.add_argument("--on", type=day, required=True, help="the day, as 2026-11-24")
    checking.add_argument("--pathway", metavar="CODE", help="only this pathway")
    checking.add_argument("--reasons", action="store_true", help="print every condition")
    checking.add_argument("--json", action="store_true")
    checking.set_defaults(handler=_check)
    validating = verbs.add_parser("validate", help="read law files and name all that is wrong")
    validating.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: all")
    validating.add_argument("--json", action="store_true")
    validating.set_defaults(handler=_validate)
    cases = verbs.add_parser("golden", help="hold the law against the cases that lawyers wrote")
    cases.add_argument("--partner", help="default: all")
    cases.add_argument("--pathway", metavar="CODE", help="default: all")
    cases.add_argument("--json", action="store_true")
    cases.set_defaults(handler=_golden)
    showing = verbs.add_parser("show", help="the law files, a partner's ways, or one of them")
    showing.add_argument("partner", nargs="?")
    showing.add_argument("pathway", nargs="?")
    showing.add_argument("--on", type=day, default=None, help="the day (default: every version)")
    showing.add_argument("--json", action="store_true")
    showing.set_defaults(handler=_show)


def day(text: str) -> date:
    """A day on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a day like 2026-11-24, not {text!r}") from error


def complain(text: object) -> int:
    """Say on standard error what is wrong with the input; the status for it."""
    print(text, file=sys.stderr)
    return BAD_INPUT


# check


def _check(options: argparse.Namespace) -> int:
    try:
        raw = _read_json(options.facts)
        rules = library().rule_set(options.partner, options.on)
        facts = read_facts(rules.vocabulary, raw, options.on)
        rules = _only(rules, options.pathway)
    except BadFacts as error:
        lines = [f"{options.facts}: {problem}" for problem in error.problems]
        return complain("\n".join(lines))
    except (ValueError, UnknownPartner, BadLaw) as error:
        return complain(error)
    found, titles = check(rules, facts), texts(SOURCE)
    if options.json:
        print(json.dumps(as_data(found, rules, facts, titles), ensure_ascii=False, indent=2))
    else:
        print(f"The law of {rules.partner} on {rules.on}, {len(facts)} facts known")
        for line in as_text(found, rules, titles, all_reasons=options.reasons):
            print(line)
    return DONE


def _read_json(path: Path) -> Mapping[str, Any]:
    """The facts. Raises `ValueError` with a sentence."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text in UTF-8") from error
    if len(text) > _LARGEST_FACTS:
        raise ValueError(f"{path}: far too long for the facts of one person")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{path}: '{name}' is written twice")
        return dict(pairs)

    try:
        raw = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}:{error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise ValueError(f"{path}: too many tables inside each other") from error
    if isinstance(raw, dict) and set(raw) == {"facts"} and isinstance(raw["facts"], dict):
        raw = raw["facts"]
    if not isinstance(raw, dict):
        raise ValueError(f'{path}: must hold one table of facts, such as {{"age": 17}}')
    return raw


def _only(rules: RuleSet, pathway: str | None) -> RuleSet:
    if pathway is None:
        return rules
    kept = tuple(rule for rule in rules.rules if rule.pathway == pathway)
    without = tuple(none for none in rules.without_rule if none.pathway == pathway)
    if not kept and not without:
        known = ", ".join(rule.pathway for rule in rules.rules)
        raise ValueError(f"no pathway '{pathway}' in the law of {rules.partner}; there are {known}")
    return RuleSet(rules.partner, rules.on, kept, rules.vocabulary, without, rules.law)


# validate


def _validate(options: argparse.Namespace) -> int:
    problems: list[LawProblem] = []
    files = options.files or sorted(library().folder.glob("*/partner.yaml"))
    read = 0
    for path in files:
        try:
            read += _validate_one(path, whole=not options.files)
        except BadLaw as error:
            problems += error.problems
        except UnicodeDecodeError:
            problems.append(LawProblem(str(path), 1, "not a text in UTF-8"))
    unique = sorted(set(problems), key=lambda p: (p.file, p.line, p.text))
    if options.json:
        rows = [{"file": p.file, "line": p.line, "rule": p.rule, "problem": p.text} for p in unique]
        print(json.dumps({"files": read, "problems": rows}, ensure_ascii=False, indent=2))
    else:
        for problem in unique:
            print(problem, file=sys.stderr)
        print(f"{read} files in order, {len(unique)} problems")
    return FOUND if unique else DONE


def _validate_one(path: Path, *, whole: bool) -> int:
    """How many files are in order. A partner.yaml alone is read with all files beside it."""
    text = path.read_text(encoding="utf-8")
    folder = path.parent
    if folder.name == "golden":
        load_golden(text, str(path), library().vocabulary)
        return 1
    catalogue = library().catalogue
    if not (folder / "partner.yaml").is_file():
        # A draft that lies elsewhere stands on the law of the partner it names.
        law = library().partner(_partner_named(text, path))
        load_pathway(text, str(path), law)
        return 1
    if path.name == "partner.yaml":
        beside = sorted(folder.glob("*.yaml")) if whole else [path]
        files = {p.name: p.read_text(encoding="utf-8") for p in beside}
        problems: list[LawProblem] = []
        try:
            load_partner(
                files, catalogue, code=folder.name, folder=str(folder), eu_acts=_eu(folder)
            )
        except BadLaw as error:
            problems += error.problems
        golden = sorted((folder / "golden").glob("*.yaml")) if whole else []
        for case in golden:
            try:
                load_golden(case.read_text(encoding="utf-8"), str(case), catalogue.vocabulary)
            except BadLaw as error:
                problems += error.problems
        if problems:
            raise BadLaw(problems)
        return len(files) + len(golden)
    beside_it = (folder / "partner.yaml").read_text(encoding="utf-8")
    files = {"partner.yaml": beside_it, path.name: text}
    load_partner(files, catalogue, code=folder.name, folder=str(folder), eu_acts=_eu(folder))
    return 1


def _eu(folder: Path) -> Iterable[str] | None:
    """The acts of the EU, when they can be read and the file is not theirs."""
    if folder.name == "eu":
        return None
    try:
        return library().partner("eu").acts.keys()
    except (BadLaw, UnknownPartner):
        return None


def _partner_named(text: str, path: Path) -> str:
    for line in text.splitlines():
        if line.startswith("partner:"):
            return line.removeprefix("partner:").split("#")[0].strip().strip("'\"")
    raise BadLaw([LawProblem(str(path), 1, "'partner' is missing: whose law is this?")])


# golden


def _golden(options: argparse.Namespace) -> int:
    store = library()
    try:
        if options.partner and options.partner not in store.codes:
            store.partner(options.partner)
        cases = golden_cases(store, options.partner, options.pathway)
        verdicts = [run(case, store.rule_set) for case in cases]
    except (BadLaw, UnknownPartner) as error:
        return complain(error)
    wrong = [verdict for verdict in verdicts if verdict.problems]
    if options.json:
        rows = [_verdict(verdict) for verdict in verdicts]
        print(json.dumps({"cases": len(rows), "wrong": len(wrong), "verdicts": rows}, indent=2))
    else:
        for verdict in wrong:
            place = f"{verdict.case.file}:{verdict.case.line}: {verdict.case.title}"
            print("\n  ".join([place, *verdict.problems]))
        print(f"{len(verdicts)} cases, {len(wrong)} not as the lawyer said")
    return FOUND if wrong else DONE


def golden_cases(
    store: Library, partner: str | None = None, pathway: str | None = None
) -> list[GoldenCase]:
    """The cases of the files, of one partner or all. Raises `BadLaw` for all bad files at once."""
    found: list[GoldenCase] = []
    problems: list[LawProblem] = []
    for code in [partner] if partner else store.codes:
        for path in sorted((store.folder / code / "golden").glob("*.yaml")):
            if pathway and path.stem != pathway:
                continue
            name = f"{store.name}/{code}/golden/{path.name}"
            try:
                cases = load_golden(path.read_text(encoding="utf-8"), name, store.vocabulary)
            except BadLaw as error:
                problems += error.problems
                continue
            found += cases
            if any((case.partner, case.pathway) != (code, path.stem) for case in cases):
                text = "'partner' and 'pathway' must be those of the folder and the file's name"
                problems.append(LawProblem(name, 1, text))
    if problems:
        raise BadLaw(problems)
    return found


def _verdict(verdict: Verdict) -> dict[str, Any]:
    case = verdict.case
    return {
        "partner": case.partner,
        "pathway": case.pathway,
        "title": case.title,
        "line": case.line,
        "as_expected": not verdict.problems,
        "problems": list(verdict.problems),
    }


# show


def _show(options: argparse.Namespace) -> int:
    store = library()
    try:
        if options.partner is None:
            rows: Any = [_partner_row(store.partner(code)) for code in store.codes]
        elif options.pathway is None:
            rows = [_way_row(way) for way in store.partner(options.partner).pathways.values()]
        else:
            law = store.partner(options.partner)
            if options.pathway not in law.pathways:
                known = ", ".join(law.pathways)
                return complain(f"no pathway '{options.pathway}' of {law.code}; there are {known}")
            rows = _way(law, law.pathways[options.pathway], options.on)
    except (BadLaw, UnknownPartner) as error:
        return complain(error)
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif isinstance(rows, dict):
        for line in _way_lines(rows):
            print(line)
    else:
        for row in rows:
            print("  ".join(f"{value:<24}" for value in map(str, row.values())).rstrip())
    return DONE


def _partner_row(law: PartnerLaw) -> dict[str, Any]:
    versions = [version for way in law.pathways.values() for version in way.versions]
    return {
        "partner": law.code,
        "name": law.name.get("en", law.code),
        "pathways": len(law.pathways),
        "versions": len(versions),
        "signed_off": sum(version.review.is_reviewed for version in versions),
    }


def _way_row(way: Pathway) -> dict[str, Any]:
    newest = way.versions[-1] if way.versions else None
    return {
        "pathway": way.code,
        "title": title(way.code, texts(SOURCE)),
        "availability": way.availability.value,
        "version": newest.version if newest else "",
        "signed_off": bool(newest and newest.review.is_reviewed),
    }


def _way(law: PartnerLaw, way: Pathway, on: date | None) -> dict[str, Any]:
    versions = way.versions if on is None else tuple(filter(None, [way.on(on)]))
    return {
        "pathway": way.code,
        "partner": way.partner,
        "title": title(way.code, texts(SOURCE)),
        "availability": way.availability.value,
        "availability_note": dict(way.availability_note),
        "versions": [
            {
                "version": version.version,
                "digest": version.digest,
                "from": version.valid_from.isoformat(),
                "to": version.valid_to.isoformat() if version.valid_to else None,
                "complete": version.complete,
                "review": review_data(version.review),
                "conditions": [
                    {
                        "condition": condition.code,
                        "title": condition.title.get("en", ""),
                        "topic": condition.topic,
                        "citation": citation_data(condition.citation, law),
                        "cited": law.cited(condition.citation),
                        "evidence": condition.evidence.value,
                        "confidence": condition.confidence.value,
                        "review": review_data(condition.review),
                    }
                    for condition in version.conditions
                ],
                "documents": [document.code for document in version.documents],
                "authority": version.authority,
                "next": list(version.next),
            }
            for version in versions
        ],
    }


def _way_lines(way: Mapping[str, Any]) -> Iterable[str]:
    yield f"{way['title']} ({way['pathway']}) in the law of {way['partner']}: {way['availability']}"
    if note := way["availability_note"].get("en"):
        yield f"  {note}"
    for version in way["versions"]:
        until = f"until {version['to']}" if version["to"] else "open end"
        yield f"version {version['version']} from {version['from']}, {until}"
        yield f"  digest {version['digest']}; sign-off: {version['review']['status']}"
        if not version["complete"]:
            yield "  the author could not confirm that these are all the conditions"
        for condition in version["conditions"]:
            source = condition["cited"] or "no source confirms it"
            yield f"  - {condition['title']}; {source}; {condition['evidence']}"
