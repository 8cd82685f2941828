"""An answer is made once for what it depends on, and the oldest of a kind make room."""

from leadscore.steps.remembering import remembered


def test_an_answer_is_made_once_and_the_oldest_of_its_kind_goes_first(workbench):
    made = []

    def ask(kind, key, most=2):
        return remembered(workbench, kind, key, lambda: made.append((kind, key)) or f"{kind} {key}", most=most)

    assert [ask("figures", key) for key in (1, 2, 1)] == ["figures 1", "figures 2", "figures 1"]
    assert made == [("figures", 1), ("figures", 2)]
    ask("figures", 3)
    ask("leads", 1, most=1)
    ask("leads", 2, most=1)
    made.clear()
    ask("figures", 2)
    ask("figures", 3)
    assert made == [], "another kind makes no room here"
    ask("figures", 1)
    assert made == [("figures", 1)]
