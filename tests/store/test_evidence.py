"""What compliance reports are made from: records up to a number, people of a client, last words, on each database."""

from leadscore.store import audit, clients, compliance, evidence, risks, suppression, users
from leadscore.store.database import read, write
from leadscore.store.tables import Consent
from leadscore.store.tables.leads import LEAD_FIELD_COLUMNS

DAYS = {"first": "2026-03-01", "after": "2026-03-02"}


def test_records_stop_at_a_number_and_leave_other_clients_aside(store, vault, now):
    with write(store) as session:
        mine, other = clients.ensure(session, "acme", now), clients.ensure(session, "other", now)
        for client, action in ((mine, "lead_viewed"), (other, "lead_viewed"), (None, "signed_in"),
                               (mine, "policy_saved")):
            audit.append(session, vault, at=now, client_id=client, actor="me", action=action, object="x")
    with read(store) as session:
        assert evidence.last_record(session) == 4
        assert evidence.records(session, mine, upto=4, **DAYS)["seq"].tolist() == [1, 3, 4]
        assert evidence.records(session, mine, upto=3, **DAYS)["seq"].tolist() == [1, 3]
        assert evidence.records(session, mine, upto=4, most=1, **DAYS)["seq"].tolist() == [4]
        assert evidence.first_read(session, mine, upto=4, most=2, **DAYS) == 3
        assert evidence.first_read(session, mine, upto=4, most=3, **DAYS) is None
        assert evidence.records(session, mine, upto=4, first="2026-03-02", after="2026-03-03").empty
        assert evidence.counts_since(session, mine, 1, besides=("signed_in",)) == {"policy_saved": 1}
        assert evidence.newest(session, mine, ("lead_viewed", "signed_in"), upto=4)["seq"] == 3
        assert evidence.newest(session, mine, ("nothing",), upto=4) is None


def test_the_people_of_a_client_are_its_members_and_the_administrators(store, now):
    with write(store) as session:
        mine = clients.ensure(session, "acme", now)
        rows = [users.add(session, name=name, role=role, password_hash="x", now=now)
                for name, role in (("anna", "analyst"), ("olga", "analyst"), ("adam", "admin"))]
        users.set_clients(session, rows[0].id, [mine])
        assert [user.name for user in evidence.people(session, mine)] == ["adam", "anna"]


def test_the_last_word_of_each_lead_holds(store, now):
    with write(store) as session:
        mine = clients.ensure(session, "acme", now)
        for lead, given in ((2, True), (1, False), (2, False)):
            session.add(Consent(client_id=mine, lead_id=lead, purpose="sale", given=given, source="letter", at=now,
                                recorded_by="me", recorded_at=now))
            session.flush()
        assert [(one.lead_id, one.given) for one in evidence.latest_consents(session, mine, "sale")] == [
            (1, False), (2, False)]
        assert evidence.latest_consents(session, mine, "contact") == []


def test_a_client_with_nothing_has_nothing(store, now):
    with write(store) as session:
        mine = clients.ensure(session, "acme", now)
        suppression.add(session, mine, emails=["ab" * 16], reason="erased", now=now)
        assert evidence.filled_columns(session, mine, LEAD_FIELD_COLUMNS) == []
        assert evidence.oldest_lead(session, mine) is None
        assert evidence.imports_that_changed(session, mine, 1) == []
        assert evidence.drift_checks(session, mine, **DAYS) == []
        assert [one.digest for one in evidence.suppressions(session, mine)] == ["ab" * 16]
        assert compliance.list_all(session, mine) == []
        assert risks.list_all(session, mine) == []
