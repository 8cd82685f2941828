"""The upload page, from an empty drop zone to an import taken back."""

from streamlit.testing.v1 import AppTest

from leadscore import worker
from leadscore.access import Role
from leadscore.services import delivery, intake, jobs
from leadscore.services.delivery import ListView
from leadscore.workbench import DEFAULT_CLIENT, Workbench
from tests.pages.conftest import OpenPage, assert_calm, labels, person, texts

ADMIN = person(Role.ADMIN)
FILE = (b"Email,First Name,Company name,Job Title,Shoe size\n"
        b"ada@one.example,Ada,One Ltd,CEO,38\n"
        b"ben@two.example,Ben,Two Ltd,Intern,44\n"
        b"ada@one.example,Ada,One Ltd,CEO,38\n"
        b"not an address,Cy,Three Ltd,CTO,41\n")


def staged(workbench: Workbench, data: bytes = FILE, filename: str = "leads.csv") -> str:
    return intake.stage_upload(workbench, ADMIN, client=DEFAULT_CLIENT, data=data, filename=filename)


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def imported(workbench: Workbench, open_page: OpenPage) -> AppTest:
    app = press(open_page(workbench, "upload", upload=staged(workbench)), "import")
    job_id = app.query_params["job"]
    worker.run_pending(workbench)
    return open_page(workbench, "upload", job=job_id[0] if isinstance(job_id, list) else job_id)


def count(workbench: Workbench) -> int:
    return delivery.list_leads(workbench, ADMIN, client=DEFAULT_CLIENT, view=ListView()).total


def test_an_empty_page_offers_the_drop_zone_and_the_sample_campaign(empty, open_page):
    app = open_page(empty, "upload")
    assert_calm(app)
    assert app.file_uploader
    assert "Try the sample campaign" in labels(app, "button")


def test_a_dropped_file_is_kept_at_once_and_named_in_the_address(empty, open_page):
    app = open_page(empty, "upload")
    app.file_uploader(key="file").upload("leads.csv", FILE).run()
    assert_calm(app)
    assert "leads.csv" in texts(app).replace("\\", "")
    assert app.query_params["upload"]


def test_a_staged_file_is_shown_again_after_a_refresh(empty, open_page):
    app = open_page(empty, "upload", upload=staged(empty))
    assert_calm(app)
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Columns recognised"] == "4 of 5"
    assert values["Duplicates in the file"] == "1"


def test_every_column_shows_its_field_and_can_be_changed(empty, open_page):
    upload_id = staged(empty)
    app = open_page(empty, "upload", upload=upload_id)
    boxes = [box for box in app.selectbox if box.label.startswith("Field for")]
    assert [box.value for box in boxes] == ["email", "first_name", "company", "job_title", ""]
    boxes[4].select("email").run()
    assert_calm(app)
    boxes = [box for box in app.selectbox if box.label.startswith("Field for")]
    assert boxes[4].value == "email"
    assert boxes[0].value == "", "a field belongs to one column only"
    assert "changed by you" in texts(app)


def test_a_changed_mapping_survives_a_refresh_because_it_is_in_the_address(empty, open_page):
    app = open_page(empty, "upload", upload=staged(empty), map="4:department")
    boxes = [box for box in app.selectbox if box.label.startswith("Field for")]
    assert boxes[4].value == "department"


def test_nonsense_in_the_address_is_no_mapping(empty, open_page):
    app = open_page(empty, "upload", upload=staged(empty), map="99:email,x:y,4:no_such_field,,7", duplicates="eat")
    assert_calm(app)
    boxes = [box for box in app.selectbox if box.label.startswith("Field for")]
    assert boxes[4].value == ""


def test_the_quality_is_judged_before_anything_is_stored(empty, open_page):
    app = open_page(empty, "upload", upload=staged(empty))
    told = texts(app)
    assert "Well formed" in told
    assert "No one twice" in told
    assert "Download all remarks" in labels(app, "download_button")
    assert count(empty) == 0


def test_a_picture_is_refused_in_words_and_nothing_is_lost(empty, open_page):
    app = open_page(empty, "upload", upload=staged(empty, b"\x89PNG\r\n\x1a\n" + bytes(200), "photo.csv"))
    assert_calm(app)
    assert app.error
    press(app, "another")
    assert app.file_uploader


def test_a_file_that_is_gone_is_explained(empty, open_page):
    app = open_page(empty, "upload", upload="0" * 32)
    assert_calm(app)
    assert app.error


def test_an_import_adds_up_and_leads_to_the_list(empty, open_page):
    app = imported(empty, open_page)
    assert_calm(app)
    told = texts(app)
    assert "Your leads are in" in told
    assert "rows read" in told
    assert "See who to call first" in labels(app, "button")
    batch = intake.list_batches(empty, ADMIN, client=DEFAULT_CLIENT)[0]
    assert batch.rows_read == batch.rows_stored + batch.updated + batch.duplicates + batch.rejected
    assert count(empty) == batch.rows_stored


def test_an_import_is_taken_back_by_one_click_and_a_confirmation(empty, open_page):
    imported(empty, open_page)
    batch = intake.list_batches(empty, ADMIN, client=DEFAULT_CLIENT)[0]
    app = press(open_page(empty, "upload"), f"undo-{batch.id}")
    assert_calm(app)
    assert "Taken back" in texts(app)
    assert count(empty) == 0


def test_taking_back_an_update_scores_the_restored_leads_again(empty, open_page):
    imported(empty, open_page)
    later = intake.import_file(empty, ADMIN, client=DEFAULT_CLIENT, filename="later.csv",
                               source=FILE.replace(b"Intern", b"Director"))
    assert later.updated
    press(open_page(empty, "upload"), f"undo-{later.batch_id}")
    assert "rescore" in [job.kind for job in jobs.recent(empty, ADMIN, client=DEFAULT_CLIENT)]


def test_the_same_file_again_is_noticed(empty, open_page):
    imported(empty, open_page)
    app = open_page(empty, "upload", upload=staged(empty))
    assert_calm(app)
    assert any("imported before" in str(box.proto) for box in app.warning)


def test_a_job_that_failed_says_why(empty, open_page):
    app = press(open_page(empty, "upload", upload=staged(empty)), "import")
    job_id = app.query_params["job"]
    intake.discard_upload(empty, ADMIN, client=DEFAULT_CLIENT, upload_id=intake_upload(empty))
    worker.run_pending(empty)
    app = open_page(empty, "upload", job=job_id[0] if isinstance(job_id, list) else job_id)
    assert_calm(app)
    assert app.error


def intake_upload(workbench: Workbench) -> str:
    return jobs.recent(workbench, ADMIN, client=DEFAULT_CLIENT)[0].arguments["upload_id"]


def test_a_job_of_nobody_is_refused_in_words(empty, open_page):
    app = open_page(empty, "upload", job="0" * 32)
    assert_calm(app)
    assert app.error


def test_a_viewer_is_told_that_the_role_does_not_import(empty, open_page):
    app = open_page(empty, "upload", Role.VIEWER)
    assert_calm(app)
    assert not app.file_uploader
    assert "does not import" in texts(app)
