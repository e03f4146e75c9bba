import math
import re
from typing import Any

import numpy as np
import pytest

from bayplan.knowledge.run_times import EndedRun, Evaluation, efficiency
from bayplan.knowledge.run_times.evaluation import Figures
from bayplan.knowledge.run_times.running import Running


def outcome(task: str = "t", node_class: str = "fast", seconds: float = 100.0, **more: Any) -> EndedRun:
    return EndedRun(task, node_class, 0.0, 50.0, 50.0 + seconds, **more)


def test_running_figures_are_those_of_all_at_once() -> None:
    values = np.random.default_rng(1).lognormal(5, 1, 200)
    evaluation = Evaluation()
    for value in values:
        evaluation.add(outcome(seconds=float(value), cost=3.6, reported={"f1": float(1 / value)}))
    found = evaluation.by_task["t", "fast"]
    assert found.run.mean == pytest.approx(values.mean(), rel=1e-12)
    assert found.run.variance == pytest.approx(values.var(ddof=1), rel=1e-12)
    assert found.response.mean == pytest.approx(values.mean() + 50)
    assert found.cost.mean == pytest.approx(values.mean() * 3.6 / 3600)
    assert found.reported["f1"].mean == pytest.approx((1 / values).mean())
    assert evaluation.everything.run.count == 200


def test_failures_count_for_success_and_response_only() -> None:
    evaluation = Evaluation()
    evaluation.add(outcome(seconds=10))
    evaluation.add(outcome(seconds=1000, succeeded=False, reported={"accuracy": 0.1}))
    found = evaluation.everything
    assert (found.success.mean, found.run.mean, found.response.mean, found.reported) == (0.5, 10.0, 555.0, {})


def test_throughput_and_utilisation() -> None:
    evaluation = Evaluation()
    assert evaluation.throughput == 0.0
    assert evaluation.utilisation(2) == 0.0
    for started in (0.0, 100.0):
        evaluation.add(EndedRun("t", "", 0.0, started, started + 100))
    evaluation.add(EndedRun("t", "", 0.0, 0.0, 100.0, succeeded=False))
    assert evaluation.throughput == pytest.approx(2 / 200)
    assert evaluation.utilisation(2) == pytest.approx(300 / 400)


def test_efficiency_is_what_is_achieved_in_an_hour() -> None:
    evaluation = Evaluation()
    for node_class, seconds, accuracy in (("fast", 100.0, 0.9), ("slow", 200.0, 0.9), ("broken", 50.0, 0.9)):
        evaluation.add(outcome(node_class=node_class, seconds=seconds, reported={"accuracy": accuracy}))
    for _ in range(3):
        evaluation.add(outcome(node_class="broken", seconds=50.0, succeeded=False))
    evaluation.add(outcome("never", "fast", succeeded=False))
    found = efficiency(evaluation, "accuracy", {"fast": 2.0})
    assert found.values == pytest.approx({("t", "fast"): 32.4, ("t", "slow"): 16.2, ("t", "broken"): 16.2})
    assert found.of("t", "fast") == pytest.approx(16.2)
    assert efficiency(evaluation).of("t", "slow") == pytest.approx(18.0)
    assert efficiency(evaluation, "f1").values == {}


def test_what_is_known_of_a_task_can_be_let_go() -> None:
    evaluation = Evaluation()
    evaluation.add(outcome("a"))
    evaluation.add(outcome("b"))
    evaluation.forget("a")
    assert list(evaluation.by_task) == [("b", "fast")]
    assert evaluation.everything.run.count == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: EndedRun("t", "", 5.0, 4.0, 9.0),
            r"ended is 9.0: asked \(5.0\), started \(4.0\) and ended must follow each other",
        ),
        (lambda: EndedRun("t", "", 0.0, 1.0, math.nan), "ended is nan: it must be seconds since the epoch"),
        (lambda: outcome(cost=-1.0), "cost is -1.0: it must be a number, 0 or above"),
        (lambda: outcome(reported={"loss": math.nan}), "reported.loss is nan: it must be a number"),
        (lambda: Evaluation().utilisation(0), "places is 0: it must be 1 or above"),
        (lambda: efficiency(_losing(), "gain"), "metric is gain: of t on fast its mean is -1.0: it must not be negative"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def _losing() -> Evaluation:
    evaluation = Evaluation()
    evaluation.add(outcome(reported={"gain": -1.0}))
    return evaluation


def test_figures_that_are_written_down_and_read_go_on_the_same() -> None:
    values = np.random.default_rng(2).lognormal(5, 1, 40).tolist()
    straight, restored = Evaluation(), Evaluation()
    for value in values:
        straight.add(outcome(seconds=value, cost=1.5, reported={"f1": 1 / value}, succeeded=value < 400))
    for number, value in enumerate(values):
        restored.add(outcome(seconds=value, cost=1.5, reported={"f1": 1 / value}, succeeded=value < 400))
        if number == 20:
            plain = {name: each.as_plain() for name, each in restored.by_task["t", "fast"].by_name().items()}
            restored = Evaluation()
            restored.restore("t", "fast", Figures.from_names({name: Running.from_plain(each) for name, each in plain.items()}))
    assert restored.by_task == straight.by_task


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"count": 0, "mean": 1.0, "squares": 0.0}, "count is 0: it must be a whole number, 1 or above"),
        ({"count": 1.5, "mean": 1.0, "squares": 0.0}, "count is 1.5"),
        ({"count": 1, "mean": math.nan, "squares": 0.0}, "mean is nan: it must be a number"),
        ({"count": 1, "mean": 1.0, "squares": -1.0}, "squares is -1.0: it must not be negative"),
    ],
)
def test_figures_that_are_none_are_refused(plain: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Running.from_plain(plain)


def test_a_figure_of_no_known_name_is_refused() -> None:
    with pytest.raises(ValueError, match="luck is no figure"):
        Figures.from_names({"luck": Running(1, 1.0)})
