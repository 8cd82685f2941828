"""Outcomes that come late, are corrected or are taken back: money is as if it had been told right at once."""

import shutil
from datetime import UTC, datetime

import pytest

from leadscore import sandbox
from leadscore.access import Role
from leadscore.services import currencies, dossier, insight, intake, scoring, spend, value
from leadscore.services.insight import ListView
from leadscore.services.spend import SpendEntry
from tests.services.conftest import CLIENT, NOW, person, run_here, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")

BOSS = person(Role.ADMIN)
HEADER = "Record ID,Email,Company name,Original Source,Create Date,Lead Status,Amount,Currency,Close Date\n"


class Client:
    """A client whose clock moves on a day with everything that happens."""

    def __init__(self, home, days=0):
        self.days = days
        self.bench = workbench_at(home, clock=lambda: NOW.replace(month=1, day=1 + self.days))

    def imports(self, *rows, leads=6):
        """Import six leads; rows say what a file knows of some: number, status, amount, currency, close date."""
        self.days += 1
        told = {row[0]: row[1:] for row in rows}
        lines = [",".join((f"r{n}", f"p{n}@firm{n}.example", f"Firm {n}", "Ads" if n % 2 else "Web", "2025-12-01",
                           *told.get(n, ("New", "", "", "")))) for n in range(leads)]
        data = (HEADER + "\n".join(lines) + "\n").encode()
        return intake.import_file(self.bench, BOSS, client=CLIENT, source=data, filename=f"{self.days}.csv").batch_id

    def scores(self):
        self.days += 1
        scoring.rescore(self.bench, BOSS, client=CLIENT)

    def tells(self, lead, stage, revenue=None, currency=None, at=None):
        self.days += 1
        dossier.record_outcome(self.bench, BOSS, client=CLIENT, lead_ids=[lead], stage=stage, revenue=revenue,
                               currency=currency, at=at and datetime.fromisoformat(at).replace(tzinfo=UTC))

    def takes_back(self, lead):
        self.days += 1
        dossier.take_back_outcome(self.bench, BOSS, client=CLIENT, lead_ids=[lead])

    def undoes(self, batch_id):
        self.days += 1
        intake.undo_import(self.bench, BOSS, client=CLIENT, batch_id=batch_id)

    def report(self, **view):
        return insight.performance(self.bench, BOSS, client=CLIENT, view=ListView(**view))

    def revenue(self, **view):
        return {money.currency: money.revenue for money in self.report(**view).now.money}


@pytest.fixture(scope="module")
def scored_home(tmp_path_factory):
    """Make a home with six scored leads once; tests take a copy."""
    home = tmp_path_factory.mktemp("scored")
    made = Client(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        made.imports()
    made.scores()
    made.bench.engine.dispose()
    return home, made.days


@pytest.fixture
def client(scored_home, tmp_path):
    home, days = scored_home
    shutil.copytree(home, tmp_path / "copy")
    return Client(tmp_path / "copy", days)


def test_a_conversion_that_is_told_late_counts_from_then_on(client):
    assert client.revenue() == {}
    client.tells(1, "converted", 500, "EUR", "2025-12-20")
    assert client.revenue() == {"EUR": 500}
    assert client.report().figures.converted == 1


@pytest.mark.parametrize(("revenue", "currency", "at", "expected"), [
    (800, "EUR", None, {"EUR": 800}), (500, "USD", None, {"USD": 500}), (500, None, None, {"": 500}),
    (300, "EUR", "2025-12-24", {"EUR": 300}), (300, "EUR", "2025-12-10", {"EUR": 300}), (None, None, None, {}),
    (0, "EUR", None, {}),
])
def test_of_a_conversion_told_again_the_last_word_counts_once(client, revenue, currency, at, expected):
    client.tells(1, "converted", 500, "EUR", "2025-12-20")
    client.tells(1, "converted", revenue, currency, at)
    assert client.revenue() == expected
    assert client.report().figures.converted == 1


def test_a_conversion_that_turns_out_lost_brings_nothing(client):
    client.tells(1, "converted", 500, "EUR")
    client.tells(2, "converted", 100, "EUR")
    client.tells(1, "lost")
    assert client.revenue() == {"EUR": 100}
    figures = client.report().figures
    assert (figures.converted, figures.lost) == (1, 1)


def test_a_lost_lead_that_buys_after_all_is_a_conversion(client):
    client.tells(1, "lost", at="2025-12-10")
    client.tells(1, "converted", 70, "EUR")
    assert client.revenue() == {"EUR": 70}
    assert client.report().figures.lost == 0


def test_what_is_taken_back_leaves_what_was_said_before(client):
    client.tells(1, "converted", 500, "EUR")
    client.tells(1, "lost")
    client.takes_back(1)
    assert client.revenue() == {"EUR": 500}
    client.takes_back(1)
    assert client.revenue() == {}
    assert client.report().figures.converted == 0


def test_a_correction_to_an_earlier_day_is_what_is_taken_back(client):
    client.tells(1, "converted", 500, "EUR", "2025-12-20")
    client.tells(1, "converted", 300, "EUR", "2025-12-10")
    client.takes_back(1)
    assert client.revenue() == {"EUR": 500}


def test_an_import_that_told_of_conversions_is_undone_with_its_money(client):
    client.tells(1, "converted", 500, "EUR")
    batch = client.imports((2, "Closed won", "250", "USD", "2026-01-02"), (3, "Closed won", "90", "EUR", "2026-01-02"))
    assert client.revenue() == {"EUR": 590, "USD": 250}
    client.undoes(batch)
    assert client.revenue() == {"EUR": 500}
    assert client.report().figures.converted == 1


def test_an_import_that_corrected_an_amount_gives_the_earlier_one_back_when_it_is_undone(client):
    client.imports((2, "Closed won", "250", "USD", "2026-01-02"))
    batch = client.imports((2, "Closed won", "400", "EUR", "2026-01-02"))
    assert client.revenue() == {"EUR": 400}
    client.undoes(batch)
    assert client.revenue() == {"USD": 250}


def test_the_same_file_again_counts_nothing_twice(client):
    row = (2, "Closed won", "250", "USD", "2026-01-02")
    client.imports(row)
    client.imports(row)
    client.scores()
    assert client.revenue() == {"USD": 250}


def test_leads_that_are_undone_take_their_money_along(tmp_path):
    client = Client(tmp_path)
    batch = client.imports((1, "Closed won", "250", "USD", "2025-12-20"))
    client.scores()
    assert client.revenue() == {"USD": 250}
    client.undoes(batch)
    assert client.report().figures.leads == 0
    assert client.revenue() == {}


def test_told_before_or_after_the_scoring_makes_no_difference(tmp_path):
    told = (1, "Closed won", "250", "USD", "2025-12-20")
    first, second = Client(tmp_path / "first"), Client(tmp_path / "second")
    first.imports(told)
    first.scores()
    second.imports()
    second.scores()
    second.imports(told)
    assert first.revenue() == second.revenue() == {"USD": 250}


def test_a_corrected_currency_is_converted_by_its_own_rate_and_return_follows(client):
    spend.add_spend(client.bench, BOSS, client=CLIENT, entry=SpendEntry(NOW.date(), NOW.date(), 100, "EUR"))
    currencies.save_rates(client.bench, BOSS, client=CLIENT, report="EUR", rates={"USD": 0.5})
    client.tells(1, "converted", 500, "EUR")
    assert [money.return_on_spend for money in client.report().now.money] == [4.0]
    client.tells(1, "converted", 500, "USD")
    assert [(money.currency, money.revenue, money.return_on_spend) for money in client.report().now.money] == \
        [("EUR", 250, 1.5)]


def test_a_source_keeps_only_the_money_of_its_own_corrected_leads(client):
    client.tells(2, "converted", 500, "EUR")
    client.tells(1, "converted", 40, "EUR")
    whole = {source: client.revenue(sources=(source,)) for source in ("Ads", "Web")}
    assert sorted(amount for money in whole.values() for amount in money.values()) == [40, 500]
    client.tells(2, "lost")
    assert [client.revenue(sources=(source,)) for source in whole if whole[source] == {"EUR": 500}] == [{}]


def test_what_a_score_foretold_stays_when_the_end_is_corrected(client):
    client.tells(1, "converted", 500, "EUR")
    before = value.scoring_value(client.bench, BOSS, client=CLIENT).sentence
    client.tells(1, "lost")
    after = value.scoring_value(client.bench, BOSS, client=CLIENT).sentence
    assert "1 conversion and 0 losses" in before
    assert "0 conversions and 1 loss " in after
