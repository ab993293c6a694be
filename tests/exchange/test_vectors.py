# SPDX-License-Identifier: EUPL-1.2
"""Published vectors of others, through the libraries that carry our letters.

JOSE cookbook (RFC 7520, ietf-jose/cookbook 13692b6, Unlicense) and Wycheproof (C2SP/wycheproof
dac1dd4, Apache-2.0), read from MOSTOVI_SHARED or from a folder `shared` beside the repository.
The allow-list of algorithms is the test key's own. Every vector that is not judged as its label
says is named below with the reason.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey, import_key

from mostovi.exchange.letters import _ENCRYPTIONS, _SIGNATURES

SHARED = Path(os.environ.get("MOSTOVI_SHARED") or Path(__file__).parents[3] / "shared")
VECTORS = SHARED / "data" / "vectors"
pytestmark = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="published vectors are not here; set MOSTOVI_SHARED"
)

OTHER_ALGORITHM: Final = "the vector's key names another algorithm; ours is then refused"
STRICTER: Final = "joserfc is stricter than the label"
CONTRADICTORY: Final = "labelled invalid, but byte for byte the token of 357, labelled valid"
JWS_DIFFERENCES: Final = {
    346: OTHER_ALGORITHM, 347: OTHER_ALGORITHM, 350: OTHER_ALGORITHM, 351: OTHER_ALGORITHM,
    367: CONTRADICTORY, 370: CONTRADICTORY, 372: STRICTER, 373: STRICTER,
}  # fmt: skip
JWE_DIFFERENCES: Final = {132: OTHER_ALGORITHM}
COOKBOOK_DIFFERENCES: Final = {
    "4_5.signature_with_detached_content.json": "detached content is not used by letters",
    "4_8.multiple_signatures.json": "several signatures are not used by letters",
    "5_12.protecting_content_only.json": "no protected header: joserfc refuses, so do we",
    "5_13.encrypting_to_multiple_recipients.json": "several recipients are not used by letters",
    "rfc7797/4.2": "JSON form without 'crit': joserfc refuses, so do we",
}


def load(name: str) -> Any:
    """A vector file, or nothing when vectors are absent."""
    path = VECTORS / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"testGroups": []}


def cases(name: str) -> list[Any]:
    """(group, test) of a Wycheproof file, named by their number."""
    return [
        pytest.param(group, test, id=str(test["tcId"]))
        for group in load(name)["testGroups"]
        for test in group["tests"]
    ]


def keys_of(group: Mapping[str, Any], side: str) -> tuple[Any, list[str]]:
    """The group's key or key set, and the algorithms that the keys themselves name."""
    value = group.get(side) or group["private"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "keys" in value:
            algorithms = [item["alg"] for item in value["keys"] if "alg" in item]
            return KeySet.import_key_set(value), algorithms
        return import_key(value), [value["alg"]] if "alg" in value else []


@pytest.mark.parametrize(("group", "test"), cases("json_web_signature_test.json"))
def test_wycheproof_signatures(group: Any, test: Any) -> None:
    if test["tcId"] in JWS_DIFFERENCES:
        pytest.skip(JWS_DIFFERENCES[test["tcId"]])
    accepted = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            key, algorithms = keys_of(group, "public")
            token = test["jws"]
            if isinstance(token, dict):
                jws.deserialize_json(token, key, algorithms=algorithms)
            else:
                jws.deserialize_compact(token, key, algorithms=algorithms)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        accepted = False
    assert accepted is (test["result"] != "invalid"), test["comment"]


@pytest.mark.parametrize(("group", "test"), cases("json_web_encryption_test.json"))
def test_wycheproof_encryption(group: Any, test: Any) -> None:
    if test["tcId"] in JWE_DIFFERENCES:
        pytest.skip(JWE_DIFFERENCES[test["tcId"]])
    plain = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            key, algorithms = keys_of(group, "private")
            allowed = [*algorithms, test["enc"], "DEF"] if "enc" in test else algorithms
            plain = jwe.decrypt_compact(test["jwe"], key, algorithms=allowed).plaintext
    except Exception:  # noqa: BLE001 - whatever the library raises, the token is refused
        plain = None
    if test["result"] == "invalid":
        assert plain is None, test["comment"]
    else:
        assert plain == bytes.fromhex(test["pt"]), test["comment"]


@pytest.mark.parametrize(("group", "test"), cases("json_web_key_test.json"))
def test_wycheproof_keys_that_are_not_ours_are_never_loaded(group: Any, test: Any) -> None:
    from mostovi.exchange.keys import read_public
    from mostovi.exchange.reasons import DirectoryRefused

    value = group.get("public") or group["private"]
    for item in value.get("keys", [value]):
        entry = {"not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", **item}
        with pytest.raises(DirectoryRefused):
            read_public(entry)


@pytest.mark.parametrize(("group", "test"), cases("ed25519_test.json"))
def test_wycheproof_ed25519(group: Any, test: Any) -> None:
    key = OKPKey.import_key(
        {name: value for name, value in group["publicKeyJwk"].items() if name != "kid"}
    ).public_key
    assert isinstance(key, Ed25519PublicKey)
    try:
        key.verify(bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"]))
        accepted = True
    except InvalidSignature:
        accepted = False
    assert accepted is (test["result"] == "valid"), test["comment"]


@pytest.mark.parametrize(("group", "test"), cases("x25519_jwk_test.json"))
def test_wycheproof_x25519(group: Any, test: Any) -> None:
    try:
        public = import_key({k: v for k, v in test["public"].items() if k != "kid"})
        private = OKPKey.import_key({k: v for k, v in test["private"].items() if k != "kid"})
        assert isinstance(private.private_key, X25519PrivateKey)
        shared = private.exchange_derive_key(public).hex()
    except Exception:  # noqa: BLE001 - whatever is raised, no secret is agreed
        shared = ""
    if test["result"] == "valid":
        assert shared == test["shared"]
    elif test["result"] == "invalid":
        assert shared == ""
    else:
        # 'acceptable': low order or non-canonical points; a zero secret must never come out.
        assert shared != "0" * 64


def cookbook(folder: str) -> list[Any]:
    """Files of the cookbook, by name."""
    names = sorted((VECTORS / folder).glob("*.json"))
    return [pytest.param(path, id=path.name) for path in names]


def cookbook_key(value: Any) -> Any:
    """The input key of a cookbook vector, without a use that its own case contradicts."""
    if isinstance(value, str):
        from joserfc.jwk import OctKey

        return OctKey.import_key(value)
    return import_key({name: part for name, part in value.items() if name not in {"use", "alg"}})


@pytest.mark.parametrize("path", cookbook("jws"))
def test_cookbook_signatures(path: Path) -> None:
    if path.name in COOKBOOK_DIFFERENCES:
        pytest.skip(COOKBOOK_DIFFERENCES[path.name])
    vector = json.loads(path.read_text(encoding="utf-8"))
    key = cookbook_key(vector["input"]["key"])
    output, algorithms = vector["output"], [vector["input"]["alg"]]
    payload = vector["input"]["payload"].encode()
    if "compact" in output:
        assert jws.deserialize_compact(output["compact"], key, algorithms).payload == payload
    for form in ("json", "json_flat"):
        if form in output:
            assert jws.deserialize_json(output[form], key, algorithms).payload == payload


@pytest.mark.parametrize("path", cookbook("jwe"))
def test_cookbook_encryption(path: Path) -> None:
    if path.name in COOKBOOK_DIFFERENCES:
        pytest.skip(COOKBOOK_DIFFERENCES[path.name])
    vector = json.loads(path.read_text(encoding="utf-8"))
    given = vector["input"]
    key = cookbook_key(given.get("key") or given["pwd"])
    algorithms = [given["alg"], given["enc"], *([given["zip"]] if "zip" in given else [])]
    output, plain = vector["output"], given["plaintext"].encode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "compact" in output:
            opened = jwe.decrypt_compact(output["compact"], key, algorithms=algorithms)
            assert opened.plaintext == plain
        for form in ("json", "json_flat"):
            if form in output:
                assert jwe.decrypt_json(output[form], key, algorithms=algorithms).plaintext == plain


def test_cookbook_nested_letter() -> None:
    vector = load("6.nesting_signatures_and_encryption.json")
    encrypting, signing = vector["encrypt"], vector["sign"]
    outer = jwe.decrypt_compact(
        encrypting["output"]["compact"],
        cookbook_key(encrypting["input"]["key"]),
        algorithms=[encrypting["input"]["alg"], encrypting["input"]["enc"]],
    )
    assert outer.plaintext is not None
    assert outer.plaintext.decode() == signing["output"]["compact"]
    inner = jws.deserialize_compact(
        outer.plaintext, cookbook_key(signing["input"]["key"]), [signing["input"]["alg"]]
    )
    assert inner.payload.decode() == signing["input"]["payload"]


def test_cookbook_curve25519() -> None:
    signed = load("curve25519/jws.json")
    key = cookbook_key(signed["input"]["key"])
    found = jws.deserialize_compact(signed["output"]["compact"], key, [signed["input"]["alg"]])
    assert found.payload.decode() == signed["input"]["payload"]
    agreed = load("curve25519/ecdh-es.json")
    opened = jwe.decrypt_compact(
        agreed["output"]["compact"],
        cookbook_key(agreed["input"]["key"]),
        algorithms=[agreed["input"]["alg"], agreed["input"]["enc"]],
    )
    assert opened.plaintext is not None
    assert opened.plaintext.decode() == agreed["input"]["plaintext"]


@pytest.mark.parametrize(("group", "test"), cases("json_web_signature_test.json"))
def test_no_published_signature_passes_our_own_registry(group: Any, test: Any) -> None:
    """None of them is Ed25519, so a letter's registry accepts none, valid or not."""
    if not isinstance(test["jws"], str):
        pytest.skip("JSON form: letters are compact")
    with pytest.raises((JoseError, ValueError, TypeError, KeyError)):
        key, _ = keys_of(group, "public")
        jws.deserialize_compact(test["jws"], key, registry=_SIGNATURES)


@pytest.mark.parametrize(("group", "test"), cases("json_web_encryption_test.json"))
def test_no_published_encryption_passes_our_own_registry(group: Any, test: Any) -> None:
    """None of them is ECDH-ES+A256KW with A256GCM on X25519."""
    with pytest.raises(Exception):  # noqa: B017
        key, _ = keys_of(group, "private")
        if not isinstance(key, OKPKey):
            raise TypeError("not a key that letters can be encrypted to")
        jwe.decrypt_compact(test["jwe"], key, registry=_ENCRYPTIONS)
