"""Which candidates do the tasks of a graph, as people read it."""

from __future__ import annotations

from bayplan_operator.cli.text.choices import choices as text
from bayplan_operator.cli.text.table import Screen
from bayplan_operator.views.graphs.choices import read

STATUS = {
    "choices": [
        "intent 0 large failed - Error (exit code 3)",
        "intent 0 small 0.9312 large=failed,tiny=0.72,huge=left-out accuracy 0.93 after 4 runs; the best that is known",
        "answer 3 large - small=- answer.people >= 10 holds",
        "check 0 large failed - ImagePullBackOff",
    ]
}


def test_winner_losers_and_why() -> None:
    intent, answer, check = read(STATUS)
    assert (intent.task, intent.candidate, intent.score, intent.round) == ("intent", "small", 0.9312, 0)
    assert [(each.name, each.score, each.left_out) for each in intent.losers] == [
        ("large", None, "failed: Error (exit code 3)"),
        ("tiny", 0.72, ""),
        ("huge", None, "it was left out"),
    ]
    assert (answer.candidate, answer.score, answer.round) == ("large", None, 3)
    assert (check.candidate, check.why) == ("", "another candidate is to be chosen")
    assert read({}) == ()


def test_a_table_of_them() -> None:
    assert text(read(STATUS), Screen(200)) == [
        "TASK              CANDIDATE  SCORE   OTHERS                                             WHY",
        "intent            small      0.9312  large (failed), tiny 0.72, huge (it was left out)  accuracy 0.93 after 4 runs",
        "answer (round 3)  large              small                                              answer.people >= 10 holds",
        "check             none yet           large (failed)" + 37 * " " + "another candidate is to be chosen",
    ]


def test_of_many_the_first_are_shown_and_on_a_wide_screen_all() -> None:
    views = read({"choices": [f"t{number} 0 small - - it is the default; nothing else" for number in range(25)]})
    lines = text(views, Screen(80))
    assert len(lines) == 22
    assert lines[-1] == "... and 5 more"
    assert len(text(views, Screen(80, wide=True))) == 26
