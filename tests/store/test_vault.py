"""Personal data are unreadable without the secret, and a wrong secret is refused at the start."""

import multiprocessing
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from leadscore.config import Settings
from leadscore.errors import InvalidRequest, TamperedData
from leadscore.store.vault import PURPOSES, Vault, check_key, load_secret

VAULT = Vault(b"s" * 32)


@given(st.lists(st.one_of(st.none(), st.binary(max_size=200)), max_size=5))
def test_what_is_encrypted_comes_back(values: list[bytes | None]) -> None:
    places = [f"leads:{i}" for i in range(len(values))]
    assert VAULT.decrypt_many(VAULT.encrypt_many(values, places), places) == values


@given(st.binary(min_size=1, max_size=60), st.integers(min_value=0), st.integers(0, 7))
def test_any_changed_bit_is_refused(value: bytes, position: int, bit: int) -> None:
    blob = bytearray(VAULT.encrypt(value, "leads:1"))
    position = 1 + position % (len(blob) - 1)
    blob[position] ^= 1 << bit
    with pytest.raises(TamperedData):
        VAULT.decrypt(bytes(blob), "leads:1")


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" + b"0" * 12, b"x" * 28])
def test_what_is_no_blob_is_refused(blob: bytes) -> None:
    with pytest.raises(TamperedData):
        VAULT.decrypt(blob, "leads:1")


def test_a_blob_of_another_lead_or_another_secret_is_refused() -> None:
    blob = VAULT.encrypt(b"ann@firm.example", "leads:1")
    with pytest.raises(TamperedData, match="leads:2"):
        VAULT.decrypt(blob, "leads:2")
    with pytest.raises(TamperedData):
        Vault(b"t" * 32).decrypt(blob, "leads:1")


def test_the_same_value_is_never_encrypted_alike() -> None:
    assert len(set(VAULT.encrypt_many([b"ann"] * 50, ["leads:1"] * 50))) == 50


def test_keys_of_different_purposes_differ_and_unknown_purposes_have_none() -> None:
    assert len({VAULT.key(purpose) for purpose in PURPOSES}) == len(PURPOSES)
    with pytest.raises(ValueError, match="coffee"):
        VAULT.key("coffee")


def test_a_blind_index_says_only_whether_values_are_equal() -> None:
    first, again, other, nothing = VAULT.blind_index(["ann", "ann", "bob", None], "email")
    assert first == again != other
    assert nothing is None
    assert VAULT.blind_index(["ann"], "phone") != [first]
    assert Vault(b"t" * 32).blind_index(["ann"], "email") != [first]
    assert len(first or "") == 32


def test_the_secret_never_shows() -> None:
    assert "sss" not in repr(VAULT)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Vault(b"short")
    assert refusal.value.code == "weak_secret"


def test_the_secret_is_made_once_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    secret = load_secret(settings)
    assert load_secret(settings) == secret
    assert len(secret) == 64
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    load_secret(Settings(home=tmp_path))
    assert load_secret(Settings(home=tmp_path, secret_key="from the environment")) == b"from the environment"


def _load(home: str) -> bytes:
    return load_secret(Settings(home=Path(home)))


def test_processes_that_start_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(6) as pool:
        assert len(set(pool.map(_load, [str(tmp_path)] * 24, chunksize=1))) == 1


def test_a_disk_without_links_still_gets_one_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("links are impossible here")

    monkeypatch.setattr("os.link", refuse)
    secret = load_secret(Settings(home=tmp_path))
    assert load_secret(Settings(home=tmp_path)) == secret


def test_a_wrong_secret_is_refused_at_the_start(store: Engine) -> None:
    check_key(store, VAULT)
    check_key(store, VAULT)
    with pytest.raises(InvalidRequest) as refusal:
        check_key(store, Vault(b"t" * 32))
    assert refusal.value.code == "wrong_secret_key"
