"""An empty home becomes a workbench, an old one is opened again, and a wrong secret opens nothing."""

from datetime import UTC

import pytest

from leadscore.config import Settings
from leadscore.errors import LeadScoreError
from leadscore.services import delivery, intake, scoring
from leadscore.workbench import open_workbench, utc_now
from tests.services.conftest import CLIENT, admin, leads_file, read_here, workbench_at  # noqa: F401


def test_an_empty_home_is_prepared(tmp_path):
    workbench = open_workbench(Settings(home=tmp_path / "new" / "home"))
    assert workbench.settings.data_folder.is_dir()
    assert workbench.settings.models_folder.is_dir()
    assert workbench.clock is utc_now
    assert utc_now().tzinfo is UTC


def test_a_home_makes_its_own_secret_and_keeps_it(tmp_path, read_here, admin):  # noqa: F811
    settings = Settings(home=tmp_path)
    first = open_workbench(settings)
    intake.import_file(first, admin, client=CLIENT, source=leads_file(3), filename="a.csv")
    scoring.rescore(first, admin, client=CLIENT)
    first.engine.dispose()
    again = open_workbench(settings)
    frame = delivery.list_leads(again, admin, client=CLIENT, view=delivery.ListView()).frame
    assert sorted(frame["email"]) == [f"p{number}@firm{number}.example" for number in range(3)]


def test_another_secret_opens_nothing(tmp_path):
    workbench_at(tmp_path).engine.dispose()
    with pytest.raises(LeadScoreError) as refused:
        open_workbench(Settings(home=tmp_path, secret_key="quite another secret for tests"))
    assert refused.value.hint


def test_personal_data_are_nowhere_in_the_home_in_plain(tmp_path, read_here, admin):  # noqa: F811
    workbench = workbench_at(tmp_path)
    intake.stage_upload(workbench, admin, client=CLIENT, data=leads_file(20), filename="a.csv")
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(20), filename="a.csv")
    scoring.rescore(workbench, admin, client=CLIENT)
    delivery.export_leads(workbench, admin, client=CLIENT, view=delivery.ListView(search="p3@firm3.example"),
                          format="csv")
    workbench.engine.dispose()
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Firm 3" in stored
    for secret in (b"p3@firm3", b"First3", b"Last3", b"+4935155", b"55000"):
        assert secret not in stored


def test_workbenches_share_nothing(tmp_path):
    one, two = workbench_at(tmp_path / "one"), workbench_at(tmp_path / "two")
    one.loaded["model"] = object()
    assert not two.loaded
    assert one.engine.url != two.engine.url
