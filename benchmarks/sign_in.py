"""What guessing passwords comes to, and whether the time an answer takes tells which names exist.

Run ``python -m benchmarks.sign_in`` for 10,000 guesses each, ``--quick`` for fewer.

The guessing part runs the real door over a real store, with a hash that takes no time, and counts the passwords that
were looked at; the clock is ours, one hour for all guesses. The timing part uses the real hash.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import text

from leadscore.access import Role
from leadscore.config import Settings
from leadscore.errors import SignInRefused
from leadscore.services import accounts, sessions
from leadscore.store import audit
from leadscore.store.database import read
from leadscore.workbench import Workbench, open_workbench

PASSWORD = "correct horse battery"
HOME = "192.0.2.7"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Give its moment."""
        return self.now


def opened(folder: str, clock: Clock) -> Workbench:
    """Make a workbench whose administrator has signed in from home."""
    bench = open_workbench(Settings(home=Path(folder), secret_key="s" * 32, _env_file=None), clock=clock)
    accounts.create_first_administrator(bench, name="anna", password=PASSWORD)
    ticket = sessions.sign_in(bench, name="anna", password=PASSWORD, address=HOME)
    sessions.redeem_ticket(bench, ticket.token)
    return bench


def guess(bench: Workbench, name: str, address: str, checked: Counter[str]) -> None:
    """Try once, counting whether the password was looked at."""
    real = sessions.is_right

    def counted(_: str, password: str) -> bool:
        checked[name] += 1
        return password == PASSWORD

    sessions.is_right = counted
    try:
        sessions.sign_in(bench, name=name, password="a guess", address=address)
    except SignInRefused:
        pass
    finally:
        sessions.is_right = real


def guessing(guesses: int, *, accounts_tried: int, addresses: int) -> str:
    """Guess for an hour and say what came of it."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        bench = opened(folder, clock)
        checked: Counter[str] = Counter()
        step = timedelta(hours=1) / guesses
        start = perf_counter()
        for number in range(guesses):
            name = "anna" if accounts_tried == 1 else f"person{number % accounts_tried}"
            guess(bench, name, f"attacker {number % addresses}", checked)
            clock.now += step
        seconds = perf_counter() - start
        owner = sessions.sign_in(bench, name="anna", password=PASSWORD, address=HOME).actor.name == "anna"
        with read(bench.engine) as session:
            refused = session.execute(text("SELECT count(*) FROM audit_events WHERE action = 'sign_in_refused'")
                                      ).scalar_one()
            whole = audit.verify(session, bench.vault).ok
        bench.engine.dispose()
    return (f"{guesses:,} guesses in an hour on {accounts_tried:,} account(s) from {addresses} address(es): most "
            f"checked of one account {max(checked.values(), default=0)}, in all {sum(checked.values()):,}; owner in "
            f"from a known place: {owner}; refusals logged {refused:,}, log whole: {whole} ({seconds:.0f} s)")


def timing(tries: int) -> str:
    """Compare how long the answer takes for names that exist and for names that do not."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        bench = opened(folder, clock)
        for number in range(tries):
            accounts.add_user(bench, accounts.local_operator(), name=f"known{number}", password=PASSWORD,
                              role=Role.VIEWER)
        seconds: dict[str, list[float]] = {"known": [], "unknown": []}
        for number in range(tries):
            for kind in ("known", "unknown") if number % 2 else ("unknown", "known"):
                start = perf_counter()
                try:
                    sessions.sign_in(bench, name=f"{kind}{number}", password="not the password", address=f"a{number}")
                except SignInRefused:
                    seconds[kind].append(perf_counter() - start)
                clock.now += timedelta(minutes=2)
        bench.engine.dispose()
    known, unknown = median(seconds["known"]), median(seconds["unknown"])
    return (f"{tries} known and {tries} unknown names: median {1_000 * known:.1f} ms and {1_000 * unknown:.1f} ms, "
            f"difference {100 * abs(known - unknown) / unknown:.1f} %")


def main() -> None:
    """Guess in four ways, then measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    guesses = 500 if quick else 10_000
    for tried, addresses in ((1, 1), (1, 50), (guesses, 1), (guesses, 50)):
        print(guessing(guesses, accounts_tried=tried, addresses=addresses), flush=True)
    print(timing(20 if quick else 200))


if __name__ == "__main__":
    main()
