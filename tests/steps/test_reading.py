"""Files come from a browser or from a path, under the limits of each."""

import pytest

from leadscore.config import Settings
from leadscore.errors import UnreadableFile
from leadscore.steps.reading import read_file
from tests.services.conftest import leads_file


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path, secret_key="a secret for tests only, long")


@pytest.mark.usefixtures("read_here")
def test_bytes_and_a_path_give_the_same_table(settings, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_bytes(leads_file(5))
    from_bytes, from_path = read_file(settings, leads_file(5), "leads.csv"), read_file(settings, path, "leads.csv")
    assert from_bytes.frame.equals(from_path.frame)
    assert from_bytes.sha256 == from_path.sha256
    assert from_bytes.rows_read == 5


def test_the_real_child_process_reads_too(settings):
    assert read_file(settings, leads_file(3), "leads.csv").rows_read == 3


@pytest.mark.parametrize(("name", "words"), [("missing.csv", "no file"), (".", "folder")])
def test_paths_that_are_no_files_are_refused(settings, tmp_path, name, words):
    with pytest.raises(UnreadableFile, match=words) as refused:
        read_file(settings, tmp_path / name, name)
    assert refused.value.code == "file_not_found"


@pytest.mark.usefixtures("read_here")
def test_a_browser_has_limits_a_path_has_not(tmp_path):
    small = Settings(home=tmp_path, secret_key="a secret for tests only, long", max_rows=4)
    path = tmp_path / "leads.csv"
    path.write_bytes(leads_file(5))
    with pytest.raises(UnreadableFile):
        read_file(small, leads_file(5), "leads.csv")
    assert read_file(small, path, "leads.csv").rows_read == 5
