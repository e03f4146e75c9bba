"""Numbers agree: text and JSON say the same, ends and bounds go together, and what has not ended has no makespan."""

from __future__ import annotations

import io
import json
import re
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bayplan_operator.cli import main
from bayplan_operator.views import units
from tests.draws import cases
from tests.unit.cli.whatif_files import NODES

TIMES = re.compile(r"(?m)^Makespan: (.+); no schedule could beat (.+)$")
WAITS = re.compile(r"(?m)^Waiting: (.+) on average, 95 % at most (.+), longest (.+)$")
ENDED = re.compile(r"would complete after (.+); no schedule on these nodes could take less than (.+)")
PATH = re.compile(r"Critical path \((.+?)\)")
EXPECTED = re.compile(r"Expected end: after (.+?), 80 % between (.+?) and (.+?) \(.*\); at median run times, not before (.+)")
CHANCE = re.compile(r"Probability of meeting the deadline: (.+)")
APART = re.compile(r"The plan above ends outside that interval: (.+)")
SLACK = 1e-5
"""Figures are rounded to microseconds."""


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """A TaskGraph of up to five tasks, at times with a deadline, without a hint, or with a task that fits nowhere."""
    tasks = []
    for number in range(draw(st.integers(1, 5))):
        parents = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else set()
        hint = draw(st.sampled_from(("", ", expectedDuration: 1500ms", ", expectedDuration: 20s", ", expectedDuration: 3m")))
        after = ", ".join(f"{{task: t{each}}}" for each in sorted(parents))
        tasks.append(f"  - {{name: t{number}, dependsOn: [{after}], shards: {draw(st.integers(1, 6))}{hint}}}")
    cpu = draw(st.sampled_from(("1", "3", "3", "8", "40")))
    deadline = draw(st.sampled_from(("", "  deadline: 1m\n")))
    template = f"{{spec: {{containers: [{{image: i, resources: {{requests: {{cpu: '{cpu}'}}}}}}]}}}}"
    lines = "\n".join(tasks)
    head = "apiVersion: bayplan.dev/v1alpha1\nkind: TaskGraph\nmetadata: {name: NAME, namespace: team}\nspec:\n"
    return f"{head}{deadline}  template: {template}\n  tasks:\n{lines}\n"


POLICIES = st.sampled_from(("Auto", "BestFit", "Spread"))
SPEEDS = st.sampled_from(((), ("--speeds", "fast=2,slow=0.5")))


def both(command: str, files: list[str], *options: str) -> tuple[str, dict[str, Any]]:
    """What a command says in text, and in JSON."""
    text, found = said(command, files, *options, forms=((), ("-o", "json")))
    return text, json.loads(found)


def said(command: str, files: list[str], *options: str, forms: tuple[tuple[str, ...], ...]) -> list[str]:
    """What a command says of these files, in each form."""
    with tempfile.TemporaryDirectory() as folder:
        named: list[str] = []
        for number, each in enumerate(files):
            path = Path(folder, f"g{number}.yaml")
            path.write_text(each.replace("NAME", f"g{number}"))
            named += ["-f", str(path)]
        nodes = Path(folder, "nodes.yaml")
        nodes.write_text(NODES)
        found = []
        for form in forms:
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
                main([command, *named, "--nodes", str(nodes), *options, *form])
            found.append(out.getvalue())
    return found


def told(pattern: re.Pattern[str], text: str) -> list[Any]:
    return pattern.findall(text)


@given(st.lists(graphs(), min_size=1, max_size=2), POLICIES, SPEEDS)
@cases(15, search=40)
def test_a_plan_in_text_and_in_json(files: list[str], policy: str, speeds: tuple[str, ...]) -> None:
    text, found = both("plan", files, "--policy", policy, *speeds)
    ended = [each for each in found["graphs"] if each["status"] == "Succeeded"]
    took = [(units.seconds(each["ended"] - each["submitted"]), units.seconds(each["lowerBound"])) for each in ended]
    assert told(ENDED, text) == took
    assert told(PATH, text) == [units.seconds(each["criticalSeconds"]) for each in found["graphs"]]
    outlooks = [each["outlook"] for each in found["graphs"]]
    known = [each for each in outlooks if each["estimate"] is not None]
    figures = [tuple(units.seconds(each[name]) for name in ("estimate", "low", "high", "lowerBound")) for each in known]
    assert told(EXPECTED, text) == figures
    assert told(CHANCE, text) == [units.percent(each["probability"]) for each in known if each["probability"] is not None]
    assert told(APART, text) == [each["apart"] for each in outlooks if each["apart"]]


@given(st.lists(graphs(), min_size=1, max_size=2), POLICIES, SPEEDS)
@cases(15, search=40)
def test_ends_and_bounds_of_a_plan_go_together(files: list[str], policy: str, speeds: tuple[str, ...]) -> None:
    (found,) = said("plan", files, "--policy", policy, *speeds, forms=(("-o", "json"),))
    for graph in json.loads(found)["graphs"]:
        outlook = graph["outlook"]
        assert outlook["lowerBound"] <= graph["lowerBound"] + SLACK
        if graph["ended"] is not None:
            took = graph["ended"] - graph["submitted"]
            assert took >= graph["lowerBound"] - SLACK
            if outlook["estimate"] is not None:
                assert outlook["low"] <= outlook["estimate"] <= outlook["high"]
                assert outlook["estimate"] >= graph["lowerBound"] - SLACK, "an expected end before what no schedule beats"
                inside = outlook["low"] <= took <= outlook["high"]
                assert inside == (not outlook["apart"])


@given(st.lists(graphs(), min_size=1, max_size=3), POLICIES, st.sampled_from(((), ("--until", "25s"))), st.integers(0, 3))
@cases(15, search=40)
def test_a_simulation_in_text_and_in_json(files: list[str], policy: str, until: tuple[str, ...], seed: int) -> None:
    text, found = both("simulate", files, "--policy", policy, "--noise", "30%", "--seed", str(seed), *until)
    figures = found["figures"]
    assert (figures["makespan"] is None) == any(each["ended"] is None for each in found["graphs"])
    makespan = units.seconds(figures["makespan"]) or "none, since not all graphs ended"
    assert told(TIMES, text) == [(makespan, units.seconds(figures["lowerBound"]))]
    waits = ("waiting", "waitingP95", "waitingLongest")
    assert told(WAITS, text) == [tuple(units.seconds(figures[each]) for each in waits)]
    if figures["makespan"] is not None:
        assert figures["makespan"] >= figures["lowerBound"] - SLACK
    for line, graph in zip(text.splitlines()[1:], found["graphs"], strict=False):
        took = None if graph["ended"] is None else graph["ended"] - graph["submitted"]
        for shown in (graph["name"], graph["status"], units.seconds(took), units.seconds(graph["lowerBound"])):
            assert shown in line
        assert took is None or graph["status"] == "Failed" or took >= graph["lowerBound"] - SLACK
