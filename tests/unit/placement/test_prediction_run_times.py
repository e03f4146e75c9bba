import json
import math
from typing import Any

import numpy as np
import pytest

from bayplan.knowledge.run_times import RunTime, RunTimes, TaskRun, Unknown


def known(run_times: RunTimes, run: TaskRun) -> RunTime:
    found = run_times.predict(run)
    assert isinstance(found, RunTime)
    return found


def same(one: RunTime, other: RunTime, within: float = 0.0) -> bool:
    pairs = ((one.locations, other.locations), (one.scales, other.scales), (one.freedom, other.freedom))
    return all(np.allclose(mine, theirs, rtol=within, atol=within) for mine, theirs in pairs)


def some_runs(count: int = 300, seed: int = 1) -> list[tuple[TaskRun, float]]:
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        task, node_class = int(generator.integers(12)), str(generator.choice(["a100", "t4"]))
        size = float(np.exp(generator.normal(20, 1)))
        y = 4 + task / 3 + (1.0 if node_class == "t4" else 0.0) + 0.8 * (math.log(size) - 20) + 0.2 * generator.normal()
        found.append((TaskRun(f"task-{task}", f"family-{task % 3}", node_class, size=size), math.exp(y)))
    return found


def learned(runs: list[tuple[TaskRun, float]], **options: Any) -> RunTimes:
    made = RunTimes(**options)
    for at, (run, seconds) in enumerate(runs):
        made.observe(run, seconds, float(at))
    return made


def test_with_no_data_it_says_so() -> None:
    assert RunTimes().predict(TaskRun("train")) == Unknown("no run has ended yet, and there is no hint")


def test_a_hint_is_the_location_until_runs_replace_it() -> None:
    run_times, run = RunTimes(), TaskRun("train", hint=600.0)
    assert known(run_times, run).quantile(0.5) == pytest.approx(600.0)
    for at in range(30):
        run_times.observe(run, 60.0 + at % 3, float(at))
    assert known(run_times, run).quantile(0.5) == pytest.approx(61.0, rel=0.06)
    assert known(run_times, TaskRun("other", hint=5.0)).quantile(0.5) == pytest.approx(5.0)


def test_sequential_is_batch_in_any_order() -> None:
    runs = some_runs()
    forward, backward = learned(runs), learned(runs[::-1])
    for run, _ in runs[:40]:
        assert same(known(forward, run), known(backward, run), 1e-9)


def test_sequential_with_forgetting_is_batch_with_weights() -> None:
    values = np.exp(np.random.default_rng(2).normal(5, 1, 40))
    run_times = learned([(TaskRun("t"), float(each)) for each in values], remembered=0.9)
    weights = 0.9 ** np.arange(39, -1, -1)
    (evidence,) = run_times.evidence("t").values()
    assert evidence.runs == pytest.approx(weights.sum(), rel=1e-12)
    assert evidence.y == pytest.approx(weights @ np.log(values), rel=1e-12)
    assert evidence.yy == pytest.approx(weights @ np.log(values) ** 2, rel=1e-12)


def test_a_new_task_is_expected_like_its_family_and_a_new_family_like_everything() -> None:
    run_times = learned(
        [
            (TaskRun(f"{family}-{n}", family), seconds * (1 + n / 10))
            for family, seconds in (("short", 10.0), ("long", 10_000.0))
            for n in range(8)
        ]
    )
    short, long, other = (known(run_times, TaskRun("new", family)) for family in ("short", "long", "else"))
    assert short.quantile(0.5) < 60 < other.quantile(0.5) < 2000 < long.quantile(0.5)
    assert short.log_deviation > known(run_times, TaskRun("short-0", "short")).log_deviation


def test_node_classes_share_strength() -> None:
    generator = np.random.default_rng(5)
    run_times = RunTimes()
    for n in range(20):
        for at in range(6):
            for node_class, factor in (("fast", 1.0), ("slow", 4.0)):
                if n or node_class == "fast":
                    run_times.observe(
                        TaskRun(f"t{n}", node_class=node_class),
                        float(factor * math.exp(3 + n / 5 + 0.1 * generator.normal())),
                        float(at),
                    )
    fast, slow = (known(run_times, TaskRun("t0", node_class=each)) for each in ("fast", "slow"))
    assert slow.log_mean - fast.log_mean == pytest.approx(math.log(4), abs=0.15)
    assert slow.log_deviation > fast.log_deviation


def test_the_size_of_the_input_explains_run_times() -> None:
    runs = some_runs(600)
    run_times = learned(runs)
    truth = 4 + 5 / 3 + 0.8 * 2
    assert known(run_times, TaskRun("task-5", "family-2", "a100", size=math.exp(22))).log_mean == pytest.approx(truth, abs=0.15)
    sized = np.mean([known(run_times, run).log_score(seconds) for run, seconds in runs[-100:]])
    plain = learned([(TaskRun(run.task, run.family, run.node_class), seconds) for run, seconds in runs])
    assert (
        sized
        > np.mean([known(plain, TaskRun(run.task, run.family, run.node_class)).log_score(s) for run, s in runs[-100:]]) + 0.5
    )


def test_intervals_hold_what_they_promise() -> None:
    generator = np.random.default_rng(6)
    inside, count, run_times = 0, 0, RunTimes()
    means = generator.normal(6, 1.2, 25)
    for at in range(1000):
        task = int(generator.integers(25))
        seconds = float(np.exp(means[task] + 0.5 * generator.normal()))
        found = run_times.predict(TaskRun(f"t{task}"))
        if isinstance(found, RunTime):
            count += 1
            inside += 0.1 <= found.probability_by(seconds) <= 0.9
        run_times.observe(TaskRun(f"t{task}"), seconds, float(at))
    assert count == 999
    assert 0.77 <= inside / count <= 0.83


def test_started_anew_it_knows_exactly_the_same() -> None:
    runs = some_runs()
    before = learned(runs, limit=9)
    after = RunTimes.from_plain(json.loads(json.dumps(before.as_plain())), limit=9)
    profiles = RunTimes(limit=9)
    for row in reversed(before.as_plain()["tasks"]):
        profiles.restore(row["task"], row["family"], before.profile(row["task"], row["family"]) or {})
    for step in (before, after):
        step.observe(*runs[0], 1000.0)
    for run, _ in runs[:30]:
        assert same(known(before, run), known(after, run))
    assert before.as_plain() == after.as_plain()
    whole = learned(runs)
    again = RunTimes()
    for row in reversed(whole.as_plain()["tasks"]):
        again.restore(row["task"], row["family"], whole.profile(row["task"], row["family"]) or {})
    assert all(same(known(whole, run), known(again, run)) for run, _ in runs[:30])


def test_its_size_is_bounded_and_what_is_let_go_stays_with_the_family() -> None:
    run_times = RunTimes(limit=16)
    for n in range(200):
        run_times.observe(TaskRun(f"t{n}", f"f{n % 20}"), 100.0, float(n))
    plain = run_times.as_plain()
    assert len(plain["tasks"]) == 16
    assert {each["task"] for each in plain["tasks"]} == {f"t{n}" for n in range(184, 200)}
    assert len(plain["merged"]) <= 2
    total = sum(row["runs"] for kind in plain.values() for each in kind for row in each["nodeClasses"])
    assert total == pytest.approx(200)
    assert known(run_times, TaskRun("t0", "f0")).quantile(0.5) == pytest.approx(100.0, rel=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TaskRun("t", hint=0.0), "hint is 0.0: it must be a number above 0"),
        (lambda: TaskRun("t", hint=-5.0), "hint is -5.0: it must be a number above 0"),
        (lambda: TaskRun("t", hint=math.nan), "hint is nan: it must be a number above 0"),
        (lambda: TaskRun("t", size=math.inf), "size is inf: it must be a number above 0"),
        (lambda: RunTimes().observe(TaskRun("t"), -1.0, 0.0), "seconds is -1.0: it must be a number above 0"),
        (lambda: RunTimes().observe(TaskRun("t"), math.nan, 0.0), "seconds is nan: it must be a number above 0"),
        (lambda: RunTimes().observe(TaskRun("t"), 1.0, math.inf), "at is inf: it must be seconds since the epoch"),
        (lambda: RunTimes().observe(TaskRun(""), 1.0, 0.0), "task is empty"),
        (lambda: RunTimes(limit=0), "limit is 0: it must be 1 or above"),
        (lambda: RunTimes(remembered=1.5), "remembered is 1.5: it must be above 0 and up to 1"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"nodeClasses": []}, "last is None: it must be seconds since the epoch"),
        ({"last": 1, "nodeClasses": 5}, "nodeClasses is 5: it must be a list"),
        ({"last": 1, "nodeClasses": [{}]}, r"nodeClasses\[0\].nodeClass is None: it must be text"),
        (
            {"last": 1, "nodeClasses": [{"nodeClass": "a", "runs": "many"}]},
            r"nodeClasses\[0\].runs is 'many': it must be a number",
        ),
        (
            {"last": 1, "nodeClasses": [{"nodeClass": "a", "runs": -2}]},
            r"nodeClasses\[0\].runs is -2.0: it must not be negative",
        ),
        (
            {"last": 1, "nodeClasses": [{"nodeClass": "a", "runs": 2, "y": 10, "yy": 1}]},
            r"nodeClasses\[0\].yy is 1.0: it must be at least",
        ),
        (
            {"last": 1, "nodeClasses": [{"nodeClass": "a", "runs": math.nan}]},
            r"nodeClasses\[0\].runs is nan: it must be a number",
        ),
        ({"last": 1, "nodeClasses": [{"nodeClass": "a", "speed": 1}]}, r"nodeClasses\[0\].speed is unknown"),
    ],
)
def test_a_profile_edited_into_nonsense(row: dict[str, Any], message: str) -> None:
    run_times = learned(some_runs(20))
    before = run_times.as_plain()
    with pytest.raises(ValueError, match=message):
        run_times.restore("t", "", row)
    assert run_times.as_plain() == before
    with pytest.raises(ValueError, match=r"tasks\[0\]." + message):
        RunTimes.from_plain({"tasks": [{"family": "", "task": "t", **row}]})


def test_what_is_forgotten_says_nothing_any_more() -> None:
    known, never = RunTimes(), RunTimes()
    for each in (known, never):
        each.observe(TaskRun("a", "f", "k"), 10.0, 1.0)
    known.observe(TaskRun("b", "f", "k"), 1000.0, 2.0)
    known.predict(TaskRun("b", "f", "k"))
    known.forget("b", "f")
    known.forget("nothing", "f")
    assert known.as_plain() == never.as_plain()
    assert known.predict(TaskRun("b", "f", "k")).mean == never.predict(TaskRun("b", "f", "k")).mean  # type: ignore[union-attr]
