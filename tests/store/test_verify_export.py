"""A stranger with the exported file, the script and the public key comes to the verdict we come to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from leadscore.store import audit, checkpoints, verify_export
from leadscore.store.audit_reading import sealed_export
from leadscore.store.database import read, write
from leadscore.store.vault import Vault
from tests.store.test_audit import change, fill

AWKWARD = ["\x00\x1f\x7f\u2028", "🙂é\"\\/", "'; DROP TABLE audit_events --"]


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    return checkpoints.checkpoint_file(tmp_path)


@pytest.fixture
def log(store: Engine, vault: Vault, now, marks: Path) -> Engine:
    """Six records, a checkpoint after the third."""
    fill(store, vault, now, 3)
    with read(store) as session:
        audit.checkpoint(session, vault, marks, at=now)
    with write(store) as session:
        for words in AWKWARD:
            audit.append(session, vault, at=now, client_id=None, actor="ann", action="x", object=words,
                         detail={"words": words.replace("\x00", "")})
    return store


def exported(store: Engine, vault: Vault, marks: Path, now) -> list[str]:
    with read(store) as session:
        signed = list(checkpoints.read_all(marks, vault).values())
        return [line.decode() for line in sealed_export(session, vault, signed, now=now)]


def verdict(lines: list[str], vault: Vault) -> dict:
    return verify_export.check(iter(lines), checkpoints.public_key(vault))


def test_an_untouched_export_is_whole(log: Engine, vault: Vault, marks: Path, now, tmp_path: Path) -> None:
    lines = exported(log, vault, marks, now)
    assert verdict(lines, vault) == {"records": 6, "ok": True, "broken_at": None, "last_good_checkpoint": 3,
                                     "reason": ""}
    path = tmp_path / "audit.jsonl"
    path.write_text("".join(lines))
    # as a stranger runs it: without this program and without any library
    told = subprocess.run([sys.executable, "-I", "-S", verify_export.__file__, str(path),
                           checkpoints.public_key(vault)], capture_output=True, text=True, check=False)
    assert (told.returncode, json.loads(told.stdout)["ok"], told.stderr) == (0, True, "")


@pytest.mark.parametrize("place", range(1, 8))
def test_a_record_changed_in_the_file_is_named(log: Engine, vault: Vault, marks: Path, now, place: int) -> None:
    lines = exported(log, vault, marks, now)
    entry = json.loads(lines[place])
    if "seq" not in entry:
        pytest.skip("the line of the checkpoint")
    lines[place] = json.dumps(entry | {"actor": "mallory"}) + "\n"
    assert verdict(lines, vault)["broken_at"] == entry["seq"]


def test_lines_cut_off_swapped_doubled_or_added_are_found(log: Engine, vault: Vault, marks: Path, now) -> None:
    lines = exported(log, vault, marks, now)
    assert verdict(lines[:-1], vault)["broken_at"] == 7
    assert verdict([*lines[:-2], lines[-1]], vault)["broken_at"] == 6
    assert verdict([*lines[:2], lines[3], lines[2], *lines[4:]], vault)["broken_at"] == 2
    assert verdict([*lines[:3], lines[2], *lines[3:]], vault)["broken_at"] == 3
    assert not verdict([*lines, lines[1]], vault)["ok"]
    assert not verdict([], vault)["ok"]
    assert not verdict(["no json", "[1]"], vault)["ok"]


def test_a_file_whose_digests_were_all_made_anew_does_not_fit_the_checkpoint(log: Engine, vault: Vault, marks: Path,
                                                                            now) -> None:
    lines = exported(log, vault, marks, now)
    change(log, "UPDATE audit_events SET actor = 'mallory' WHERE seq = 2")
    assert verdict(exported(log, vault, Path("nowhere"), now), vault)["broken_at"] == 2
    # a forger without our key, who links all again and signs with a key of his own
    forger = Vault(b"the key of somebody else, also long")
    forged = exported(log, forger, Path("nowhere"), now)
    assert not verdict(forged, vault)["ok"]
    mixed = [*forged[:4], lines[4], *forged[4:]]
    assert verdict(mixed, vault)["broken_at"] == 1
    assert "signed at their checkpoint" in verdict(mixed, vault)["reason"]


def test_what_was_broken_before_the_export_is_told_under_our_signature(log: Engine, vault: Vault, marks: Path,
                                                                      now) -> None:
    change(log, "DELETE FROM audit_events WHERE seq = 5")
    found = verdict(exported(log, vault, marks, now), vault)
    assert (found["ok"], found["broken_at"]) == (False, 5)


@given(words=st.text(st.characters(exclude_categories=["Cs"])), number=st.integers(-2**53, 2**53))
def test_both_sides_hash_the_same_bytes(words: str, number: int) -> None:
    record = (number, words, None, words, "x", "y", json.dumps({"a": words}), "p", "m")
    ours = checkpoints.linked(bytes(32), record).hex()
    theirs = verify_export.check(iter(["{}", json.dumps(dict(zip(verify_export.NAMES, record, strict=True))
                                                        | {"digest": ours})]))
    assert theirs["broken_at"] == 2  # the record held; the end is missing


@settings(max_examples=20)
@given(seed=st.binary(min_size=32, max_size=32), words=st.text(max_size=50), flipped=st.integers(0, 511))
def test_signatures_are_those_of_the_library(seed: bytes, words: str, flipped: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    words = words.encode("utf-8", "replace").decode()
    signature, key = private.sign(words.encode()), private.public_key().public_bytes_raw().hex()
    assert verify_export._signed(key, words, signature.hex())
    assert not verify_export._signed(key, words + "x", signature.hex())
    wrong = bytearray(signature)
    wrong[flipped // 8] ^= 1 << flipped % 8
    assert not verify_export._signed(key, words, wrong.hex())


@pytest.mark.parametrize(("key", "signature"), [("", ""), ("zz", "00"), ("00" * 32, "00" * 64), ("ff" * 32, "ff" * 64),
                                                ("00" * 31, "00" * 64), ("00" * 32, None)])
def test_no_key_and_no_signature_are_no_signature(key: str, signature: str | None) -> None:
    assert not verify_export._signed(key, "words", signature)
