"""What goes by the run times that were learned: when a round goes on without a shard, and when a backup begins."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan.knowledge.run_times import RunTimes
from bayplan.knowledge.run_times.expectations import Expectations
from bayplan.lifecycle import Controls, Retry, Run
from bayplan_operator.conductor.knowledge.lateness import tell_late
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.translate.task_graph import prepare

NOW = 1_800_000_000.0
SHARDS = 4


def running(**rounds: Any) -> Running:
    """A graph in rounds, and beside them a task with backups; all that is learned of counts."""
    manifest = {
        "metadata": {"namespace": "ns", "name": "g"},
        "spec": {
            "template": {"spec": {"containers": [{"image": "i"}]}},
            "tasks": [{"name": "local", "shards": SHARDS}, {"name": "new"}, {"name": "twice", "backups": {"after": "p95"}}],
            "rounds": {"tasks": ["local", "new"], "max": 3, **rounds},
        },
    }
    prepared = prepare(manifest)
    controls = Controls([Retry()] * len(prepared.graph.tasks), flow=prepared.relations.flow)
    return Running(prepared, Run.fresh(prepared.graph.units), controls, NOW, NOW)


def learned(of: Running, *tasks: str) -> Expectations:
    """Runs of these tasks have ended after 100 s, more or less."""
    run_times = RunTimes()
    found = Expectations(run_times, lambda request: None)
    for name in tasks:
        run = of.prepared.runs[of.prepared.graph.index[name]]
        for seconds in (90.0, 100.0, 110.0, 95.0, 105.0):
            run_times.observe(run, seconds, 0.0)
        found.learned(run.family, run.task)
    return found


def test_a_round_waits_five_seconds_longer_than_its_shards_are_expected_to_run() -> None:
    """They do not all start at once, and an end is seen a little later than it was."""
    graph = running(timeout="p95")
    forecast = learned(graph, "local", "twice")
    tell_late(graph, forecast)
    local = graph.prepared.runs[0]
    all_of_them = forecast.late(local, SHARDS)
    assert all_of_them is not None
    assert all_of_them > (forecast.late(local) or 0.0) > 100.0
    assert graph.controls.time_outs == {0: pytest.approx(all_of_them + 5.0)}, "of what is new, nothing is known"


def test_a_backup_begins_when_its_run_is_late_and_no_later() -> None:
    graph = running(timeout="p95")
    forecast = learned(graph, "twice")
    tell_late(graph, forecast)
    assert graph.controls.late == {2: forecast.late(graph.prepared.runs[2])}
    assert graph.controls.time_outs == {}


def test_a_time_out_in_seconds_is_left_as_it_is() -> None:
    graph = running(timeout="1m")
    before = graph.controls.time_outs
    tell_late(graph, learned(graph, "local", "new", "twice"))
    assert graph.controls.time_outs == before
