"""What a password must be, and how it is kept: checked against what others would guess, hashed a few at a time."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from leadscore.errors import InvalidRequest, SignInRefused

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 128
FEWEST_DIFFERENT_CHARACTERS = 5
DUMMY_BYTES = 32

# argon2id as OWASP advises for a small server: 19 MiB, two passes, one lane
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
HASHES_AT_ONCE = 2
HASH_PATIENCE_SECONDS = 15.0
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)

# Words that make up the most common long passwords, alone, repeated, or with digits and signs around them.
COMMON_WORDS = frozenset("""
    abc abcd abcde abcdef abcdefg abcdefgh abcdefghij access account adidas admin administrator alexander
    amanda andrew angel anthony apple asdf asdfgh asdfghjkl asdfghjklzxcvbnm ashley autumn azerty azertyuiop
    backup banana baseball basketball batman benjamin blink butterfly changeit changeme charlie cheese chelsea
    chocolate christian christopher company computer corporate cowboys dallas daniel default demo dragon
    elizabeth enter everton facebook family football forever freedom friend friends garfield george ginger
    google guest hannah hello helloworld heslo hockey hunter iloveu iloveyou internet jasmine jennifer jessica
    jordan joshua justin killer lakers lead leads leadscore leadscoring letmein liverpool login london lovely
    loveme manchester marketing martin master matrix matthew melissa merlin michael michelle mickey microsoft
    minecraft monday monkey motdepasse mustang mynoob naruto newpassword nicholas nicole ninja nothing office
    oracle pass passport passw passwd password passwort patrick peanut pepper pokemon princess private purple
    qazwsx qazwsxedc qazwsxedcrfv qwer qwert qwerty qwertyu qwertyui qwertyuiop qwertz qwertzuiop rainbow
    ranger robert root sales salesforce samantha samsung secret secure security server service shadow soccer
    spiderman spring starwars summer sunday sunflower sunshine superman support system taylor tech temp
    temporary test tester testing thisis thomas thunder tigger trustno user victoria welcome whatever william
    winter wordpass workbench yankees yourpassword zaq zaqwsx zxcvb zxcvbn zxcvbnm
""".split())  # noqa: SIM905
_SEQUENCES = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz",
              "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p")
LONGEST_COMMON = 20
_NO_LETTERS_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LOOKALIKES = str.maketrans("0134578@$!", "oleastbasi")


def check_password(password: str, *, name: str) -> None:
    """Refuse a password that is short or easily guessed; what it is made of is free.

    Raises
    ------
    InvalidRequest
        It is too short or long, common, repetitive, or holds the user's name.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidRequest("wrong_password_length", f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} "
                             "characters.", "Four unrelated words make a good one.")
    lowered = password.casefold()
    if name.casefold() in lowered or (len(lowered) > 3 and lowered in name.casefold()):
        raise InvalidRequest("name_in_password", "The password contains the user name.", "Leave the name out of it.")
    if _is_common(lowered):
        raise InvalidRequest("common_password", "This password is one of the first that others would guess.",
                             "Four unrelated words make a good one.")


def hash_password(password: str) -> str:
    """Give the only form of a password the store knows.

    Raises
    ------
    SignInRefused
        Too many are being hashed at this moment.
    """
    with _one_of_few():
        return HASHER.hash(password)


def is_right(password_hash: str, password: str) -> bool:
    """Say whether a password is the one that was hashed.

    Raises
    ------
    SignInRefused
        Too many are being hashed at this moment.
    """
    with _one_of_few():
        try:
            return HASHER.verify(password_hash, password[:LONGEST_PASSWORD + 1])
        except VerificationError:
            return False


@cache
def dummy_hash() -> str:
    """Give a hash that no password has, so that an unknown name costs the same work as a known one."""
    return HASHER.hash(secrets.token_urlsafe(DUMMY_BYTES))


def _is_common(lowered: str) -> bool:
    few, repeats = len(set(lowered)) < FEWEST_DIFFERENT_CHARACTERS, lowered in (lowered + lowered)[1:-1]
    if few or repeats or any(lowered in sequence for sequence in _SEQUENCES):
        return True
    inner = _NO_LETTERS_AROUND.sub("", lowered)
    words = {re.sub(r"[\W\d_]+", "", form) for form in (inner, inner.translate(_LOOKALIKES))}
    return any(_made_of_common(word) for word in words)


def _made_of_common(word: str) -> bool:
    """Say whether the letters are one or a few common words, as in passwordpassword or welcomeadmin."""
    if len(word) > LONGEST_COMMON:
        return False
    reachable = {0}
    for end in range(1, len(word) + 1):
        if any(word[start:end] in COMMON_WORDS for start in reachable):
            reachable.add(end)
    return bool(word) and len(word) in reachable


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _hashing.acquire(timeout=HASH_PATIENCE_SECONDS):
        raise SignInRefused("busy", "Too many people are signing in at this moment.", "Try again in a minute.")
    try:
        yield
    finally:
        _hashing.release()
