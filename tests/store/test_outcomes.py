"""Of several words on one lead the right one stands: later ones, corrections, and what is left after a mistake."""

from datetime import timedelta

import pandas as pd
import pytest

from leadscore.store import lead_reading, outcomes
from leadscore.store.database import write
from tests.store.samples import stored


@pytest.fixture
def lead(store, vault, now):
    with write(store) as session:
        client_id, _, ids = stored(session, vault, now)
        yield Lead(session, client_id, int(ids[0]), now)


class Lead:
    """One stored lead, told of at moments counted in hours from now."""

    def __init__(self, session, client_id, lead_id, now):
        self.session, self.client_id, self.lead_id, self.now = session, client_id, lead_id, now

    def moment(self, hours):
        return None if hours is None else self.now + timedelta(hours=hours)

    def imported(self, stage, at, told=0):
        frame = pd.DataFrame({"lead_id": [self.lead_id], "stage": [stage],
                              "at": pd.to_datetime([self.moment(at)], utc=True)})
        return outcomes.append(self.session, self.client_id, frame, batch_id=1, origin=outcomes.BY_IMPORT,
                               recorded_by="ann", now=self.moment(told))

    def says(self, stage, at=None, told=0, **more):
        return outcomes.record(self.session, self.client_id, [self.lead_id], stage=stage, at=self.moment(at),
                               recorded_by="kim", now=self.moment(told), **more)

    def takes_back(self):
        return outcomes.take_back(self.session, self.client_id, [self.lead_id])

    @property
    def stands(self):
        return lead_reading.outcomes(self.session, self.client_id).loc[self.lead_id]

    @property
    def history(self):
        return outcomes.of_leads(self.session, self.client_id, [self.lead_id])


@pytest.mark.parametrize(("dated", "corrected_after"), [
    (24 * 40, 24), (20, 1), (2, 1), (0, 1), (-24 * 300, 1), (None, 1),
])
def test_what_a_person_says_now_corrects_whatever_day_was_told_before(lead, dated, corrected_after):
    lead.imported("converted", dated)
    lead.says("contacted", told=corrected_after)
    assert lead.stands == "contacted"
    assert lead.history["stage"].iloc[-1] == "contacted"


def test_a_late_word_on_an_earlier_day_completes_the_past_and_changes_nothing(lead):
    lead.says("converted", told=0)
    lead.says("contacted", at=-100, told=5)
    assert lead.stands == "converted"
    assert lead.history["stage"].tolist() == ["contacted", "converted"]


def test_an_expected_sale_gives_way_to_what_really_happens(lead):
    lead.imported("converted", 24 * 60)
    lead.imported("lost", 24 * 30, told=24 * 30)
    assert lead.stands == "lost"


def test_a_mistake_is_taken_back_step_by_step(lead):
    for hour, stage in enumerate(("contacted", "qualified", "converted")):
        lead.says(stage, told=hour)
    assert lead.takes_back()["stage"].tolist() == ["converted"]
    assert lead.stands == "qualified"
    lead.takes_back()
    lead.takes_back()
    assert lead.stands == "new"
    assert lead.takes_back().empty


def test_what_stands_is_taken_back_and_not_what_was_told_last(lead):
    lead.says("converted", told=0)
    lead.says("contacted", at=-100, told=5)
    lead.takes_back()
    assert lead.stands == "contacted"


def test_leads_of_others_are_not_touched(lead):
    lead.says("lost")
    assert outcomes.take_back(lead.session, lead.client_id + 1, [lead.lead_id]).empty
    assert lead.stands == "lost"


def test_a_word_may_be_said_again_after_a_mistake(lead):
    for stage in ("converted", "lost", "converted"):
        lead.says(stage, at=-2, told=1)
    assert lead.stands == "converted"
    lead.says("converted", at=-2, told=1)
    assert len(lead.history) == 3


def test_a_wrong_currency_is_corrected(lead):
    lead.says("converted", at=-2, revenue=100.0, currency="EUR")
    lead.says("converted", at=-2, revenue=100.0, currency="USD")
    assert lead.history["currency"].tolist() == ["EUR", "USD"]


def test_a_file_imported_again_tells_nothing_new(lead):
    assert lead.imported("converted", -5) == 1
    lead.says("lost", told=1)
    assert lead.imported("converted", -5, told=2) == 0
    assert lead.stands == "lost"
