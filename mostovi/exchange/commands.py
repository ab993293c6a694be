# SPDX-License-Identifier: EUPL-1.2
"""`mostovi exchange ...`: what the pages do, for scripts and for a node without a browser."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

Handler = Callable[[argparse.Namespace], int]
FOUND = 1
BAD_INPUT = 2


def register(subparsers: Any) -> None:
    """Add the commands to the command line."""
    group = subparsers.add_parser("exchange", help="letters to and from other nodes")
    verbs = group.add_subparsers(dest="verb", required=True)
    _add(verbs, "status", _status, "how the exchange stands; status 1 when something needs a look")
    send = _add(verbs, "send", _send, "carry what is due now, and fetch mail and files")
    send.add_argument("--all", action="store_true", help="also what waits for its next attempt")
    again = _add(verbs, "retry", _retry, "try letters again that were not delivered")
    again.add_argument("letters", nargs="*", metavar="LETTER", help="numbers of letters")
    again.add_argument("--all", action="store_true", help="every letter that was not delivered")
    _register_keys(verbs)
    _register_peers(verbs)
    _register_directory(verbs)


def _add(verbs: Any, name: str, handler: Handler, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(handler=_guarded(handler))
    return parser


def _register_keys(verbs: Any) -> None:
    group = verbs.add_parser("keys", help="this node's own keys").add_subparsers(
        dest="what", required=True
    )
    _add(group, "show", _show_keys, "the entry that other nodes need (public keys only)")
    rotate = _add(group, "rotate", _rotate, "make new keys, used in 30 days")
    rotate.add_argument("--now", action="store_true", help="use them at once (lost keys)")


def _register_peers(verbs: Any) -> None:
    group = verbs.add_parser("peers", help="other nodes").add_subparsers(dest="what", required=True)
    _add(group, "list", _list_peers, "other nodes, their keys and last contact")
    add = _add(group, "add", _add_peer, "trust another node without a steward")
    add.add_argument("file", type=Path, help="what its 'exchange keys show --json' prints")
    add.add_argument("--endpoint", default="", metavar="URL", help="another address for it")
    add.add_argument("--xroad-client", default="", metavar="ID", help="our X-Road subsystem")
    add.add_argument("--xroad-service", default="", metavar="ID", help="its X-Road service")


def _register_directory(verbs: Any) -> None:
    group = verbs.add_parser("directory", help="the signed list of nodes").add_subparsers(
        dest="what", required=True
    )
    take = _add(group, "import", _import, "take in a signed directory")
    take.add_argument("file", type=Path, help="the document that the steward published")
    sign = _add(group, "sign", _sign, "steward: sign the next directory")
    sign.add_argument("entries", nargs="*", type=Path, help="entries of new or changed nodes")
    sign.add_argument("--collect", action="store_true", help="ask every node for its entry")
    sign.add_argument("--countersign", type=Path, metavar="FILE", help="add a signature to FILE")
    sign.add_argument("--revoke", metavar="NODE:KEY", help="revoke a key of a node from now on")
    sign.add_argument("--reason", default="", help="why the key is revoked")
    sign.add_argument("--out", type=Path, help="write the document here instead of printing it")


def _guarded(handler: Handler) -> Handler:
    """Bad input is one sentence and status 2."""

    def run(options: argparse.Namespace) -> int:
        from mostovi.exchange.models import OutboxLetter
        from mostovi.exchange.reasons import ExchangeError

        try:
            return handler(options)
        except ExchangeError as error:
            sentence = error.sentence
        except OutboxLetter.DoesNotExist:
            sentence = "There is no letter with this number."
        except (OSError, ValueError) as error:
            sentence = str(error)
        print(f"exchange: {sentence}", file=sys.stderr)
        return BAD_INPUT

    return run


def _print(options: argparse.Namespace, value: Any, lines: list[str]) -> None:
    print(json.dumps(value, ensure_ascii=False) if options.json else "\n".join(lines))


def _status(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.exchange.overview import overview

    now = timezone.now()
    found = overview(now)
    value = found.as_dict(now)
    lines = [
        f"outbox: {found.waiting} on their way, {found.parked_there} parked at the receiver, "
        f"{found.dead} not delivered, {found.delivered} delivered",
        f"inbox: {found.received} received, {found.parked_here} parked "
        f"({found.parked_long} over 15 minutes)",
        f"directory: {value['directory'] or 'none'}; alarms: {len(found.alarms)}; "
        f"keys ending: {len(found.keys_ending)}, missing: {len(found.missing_keys)}",
    ]
    lines += _peer_lines(value["peers"])
    _print(options, value, lines)
    return 0 if found.sound else FOUND


def _peer_lines(peers: list[dict[str, Any]]) -> list[str]:
    return [
        f"{peer['code']}: {peer['state']}, keys until {peer['keys_end'] or 'none'}, "
        f"last contact {peer['last_contact'] or 'never'}"
        + (f", last failure {peer['last_failure']}" if peer["last_failure"] else "")
        for peer in peers
    ]


def _send(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.exchange import services
    from mostovi.exchange.models import OutboxLetter, OutboxState
    from mostovi.exchange.overview import overview
    from mostovi.exchange.transport import http_transport

    now = timezone.now()
    if options.all:
        OutboxLetter.objects.filter(state__in=[OutboxState.WAITING, OutboxState.PARKED]).update(
            next_attempt=now
        )
    settled = services.relay_due(now, http_transport())
    fetched = services.poll(now, http_transport())
    files = services.fetch_wanted(now, http_transport())
    left = overview(now)
    value = {
        "settled": settled, "fetched": fetched, "files": files,
        "waiting": left.waiting, "dead": left.dead,
    }  # fmt: skip
    line = (
        f"{settled} settled, {fetched} letters and {files} files fetched; "
        f"{left.waiting} still on their way, {left.dead} not delivered"
    )
    _print(options, value, [line])
    return FOUND if left.dead or left.waiting else 0


def _retry(options: argparse.Namespace) -> int:
    from mostovi.exchange import services
    from mostovi.exchange.models import OutboxLetter, OutboxState

    if options.all:
        chosen = list(
            OutboxLetter.objects.filter(state=OutboxState.DEAD).values_list("pk", flat=True)
        )
    elif options.letters:
        chosen = [UUID(text) for text in options.letters]
    else:
        raise ValueError("name letters, or --all")
    sent = [str(services.retry(_administrator(), letter_id=pk).pk) for pk in chosen]
    _print(options, {"letters": sent}, [f"{pk} is on its way again" for pk in sent])
    return 0


def _administrator() -> Any:
    """Whoever may run the command as the node's own user administers it."""
    from mostovi.exchange.services import system

    return system()


def _show_keys(options: argparse.Namespace) -> int:
    from django.conf import settings
    from django.utils import timezone

    from mostovi.exchange import services

    entry = services.own_entry().as_dict()
    lines = [
        f"{key['use']} {key['kid']} from {key['not_before']} until {key['not_after']}"
        for key in entry["keys"]
    ]
    if settings.MOSTOVI.steward:
        steward = services.make_steward(timezone.now()).public
        lines.append(f"steward {steward.kid}; other nodes write into node.toml, under [stewards]:")
        lines.append(f'{entry["code"]} = "{steward.x}"')
    _print(options, entry, lines)
    return 0


def _rotate(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.exchange import keys, services

    ahead = timedelta(0) if options.now else keys.PUBLISH_AHEAD
    made = services.rotate_keys(_administrator(), now=timezone.now(), ahead=ahead)
    value = {"keys": [pair.public.as_entry() for pair in made]}
    lines = [f"{p.public.use} {p.kid} from {p.public.not_before:%Y-%m-%d}" for p in made]
    lines.append("The steward must publish them: 'mostovi exchange directory sign --collect'.")
    _print(options, value, lines)
    return 0


def _list_peers(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.exchange.overview import overview

    now = timezone.now()
    peers = overview(now).as_dict(now)["peers"]
    _print(options, peers, _peer_lines(peers) or ["No other node is known."])
    return 0


def _add_peer(options: argparse.Namespace) -> int:
    from mostovi.exchange import services

    entry = _entry(options.file)
    peer = services.add_peer(
        _administrator(),
        entry=entry,
        endpoint=options.endpoint,
        xroad_client=options.xroad_client,
        xroad_service=options.xroad_service,
    )
    _print(options, {"code": peer.code}, [f"{peer.code} is trusted from now on."])
    return 0


def _entry(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} is not the entry of a node.")
    return value


def _import(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.exchange import services

    document = options.file.read_text(encoding="utf-8").strip()
    version = services.import_directory(_administrator(), document=document, now=timezone.now())
    _print(options, {"serial": version.serial}, [f"Directory {version.serial} is in use."])
    return 0


def _sign(options: argparse.Namespace) -> int:
    from django.utils import timezone

    from mostovi.exchange import services
    from mostovi.exchange.transport import http_transport

    now, actor = timezone.now(), _administrator()
    if options.countersign:
        text = options.countersign.read_text(encoding="utf-8").strip()
        document = services.countersign_directory(actor, document=text, now=now)
    elif options.revoke:
        code, _, kid = options.revoke.partition(":")
        document = services.revoke_key(
            actor, code=code, kid=kid, reason=options.reason or "not stated", now=now
        )
    else:
        entries = [_entry(path) for path in options.entries]
        if options.collect:
            collected = services.collect_entries(now, http_transport())
            entries += [entry.as_dict() for entry in collected]
        document = services.publish_directory(actor, entries=entries, now=now)
    if options.out:
        options.out.write_text(document + "\n", encoding="utf-8")
        _print(options, {"file": str(options.out)}, [f"Signed: {options.out}"])
    else:
        print(document)
    return 0
