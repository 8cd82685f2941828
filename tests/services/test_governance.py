"""What happened is written down so that altering, removing or cutting off records is found."""

import pytest
from sqlalchemy import text

from leadscore.access import Role
from leadscore.errors import Forbidden
from leadscore.services import dossier, governance, intake, scoring
from leadscore.store import audit
from leadscore.store.database import write
from tests.services.conftest import CLIENT, leads_file, person

pytestmark = pytest.mark.usefixtures("read_here")


@pytest.fixture
def busy(workbench, admin):
    """A workbench where things have happened for two clients."""
    for client in (CLIENT, "globex"):
        intake.import_file(workbench, admin, client=client, source=leads_file(4), filename="a.csv")
        scoring.rescore(workbench, admin, client=client)
    dossier.assign_owner(workbench, admin, client=CLIENT, lead_ids=[1], owner="Kim")
    return workbench


def _do(workbench, statement):
    with write(workbench.engine) as session:
        for name in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger' "
                                         "AND tbl_name = 'audit_events'")).scalars().all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text(statement))


def test_an_untouched_log_is_whole(busy, admin):
    verdict = governance.verify_audit(busy, admin)
    assert verdict.ok
    assert verdict.records == governance.audit_events(busy, admin).total == 5


@pytest.mark.parametrize("statement", [
    "UPDATE audit_events SET actor = 'somebody' WHERE seq = 3", "DELETE FROM audit_events WHERE seq = 3",
    "UPDATE audit_events SET detail = '{}' WHERE seq = 3",
])
def test_a_changed_or_removed_record_is_named(busy, admin, statement):
    _do(busy, statement)
    verdict = governance.verify_audit(busy, admin)
    assert not verdict.ok
    assert verdict.broken_at == 3


def test_cutting_off_the_newest_records_is_found_after_a_checkpoint(busy, admin):
    assert governance.note_checkpoint(busy)
    _do(busy, "DELETE FROM audit_events WHERE seq > 3")
    verdict = governance.verify_audit(busy, admin)
    assert not verdict.ok
    assert verdict.broken_at == 4
    assert "cut off" in verdict.reason


def test_a_checkpoint_waits_for_enough_new_records(busy, admin):
    assert not governance.note_checkpoint(busy, every=6)
    assert governance.note_checkpoint(busy, every=5)
    assert not governance.note_checkpoint(busy)
    dossier.assign_owner(busy, admin, client=CLIENT, lead_ids=[1], owner=None)
    assert governance.note_checkpoint(busy)
    assert governance.verify_audit(busy, admin).ok


def test_an_empty_log_needs_no_checkpoint(workbench, admin):
    assert not governance.note_checkpoint(workbench)
    assert governance.verify_audit(workbench, admin).ok


def test_a_folder_that_cannot_be_written_to_does_not_stop_the_work(busy):
    audit.checkpoint_file(busy.settings.data_folder).mkdir()
    assert not governance.note_checkpoint(busy)


def test_an_edited_checkpoint_is_found(busy, admin):
    governance.note_checkpoint(busy)
    path = audit.checkpoint_file(busy.settings.data_folder)
    path.write_text("3" + path.read_text()[1:])
    assert not governance.verify_audit(busy, admin).ok


def test_people_see_the_events_of_their_clients_and_administrators_all(busy, admin, analyst):
    mine = governance.audit_events(busy, analyst, client=CLIENT)
    assert mine.total == 3
    assert governance.audit_events(busy, admin, client="globex").total == 2
    for actor in (analyst, person(Role.MANAGER, CLIENT, "globex")):
        with pytest.raises(Forbidden):
            governance.audit_events(busy, actor)


def test_events_are_filtered_and_paged(busy, admin):
    scored = governance.audit_events(busy, admin, action="leads_scored")
    assert (scored.total, set(scored.frame["action"])) == (2, {"leads_scored"})
    assert governance.audit_events(busy, admin, person="nobody").total == 0
    seqs = [int(governance.audit_events(busy, admin, limit=1, offset=place).frame["seq"].iloc[0]) for place in range(5)]
    assert seqs == [5, 4, 3, 2, 1]
    assert governance.audit_events(busy, admin, client="never heard of").total == 0


def test_an_export_of_the_log_is_whole_and_is_itself_recorded(busy, admin):
    content = governance.audit_file(busy, admin).decode("utf-8-sig")
    assert content.count("\n") == 6
    assert "mac" in content.splitlines()[0]
    assert governance.audit_events(busy, admin, action="audit_exported").total == 1
    assert governance.verify_audit(busy, admin).ok
