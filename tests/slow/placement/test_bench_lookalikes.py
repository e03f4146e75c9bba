import math

import numpy as np
import pytest

from bayplan.knowledge.run_times import RunTime, Unknown
from bench.lookalikes.job_table import WINDOW, JobTable
from bench.lookalikes.link_rates import NOWHERE, LinkRates
from bench.lookalikes.model import Lookalikes
from bench.lookalikes.propagation import average, update_queued


def known(model: Lookalikes, key: object, now: float) -> RunTime:
    found = model.predict(key, now)
    assert isinstance(found, RunTime)
    return found


def run_all(model: Lookalikes, jobs: list[tuple[float, float]], kind: str = "") -> float:
    """Jobs that start as they come and end before the next one comes; (gap, seconds)."""
    now = 0.0
    for number, (gap, seconds) in enumerate(jobs):
        now += gap
        model.come((kind, number), now, kind)
        model.start((kind, number), now)
        model.end((kind, number), seconds)
    return now


def bursts(count: int, seed: int) -> list[tuple[float, float]]:
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        middle = generator.normal(6, 2)
        for place in range(10):
            found.append((2.0 if place else 5000.0, float(np.exp(middle + 0.1 * generator.normal()))))
    return found


def test_with_no_data_it_says_so() -> None:
    model = Lookalikes()
    model.come("a", 0.0)
    model.come("b", 1.0)
    model.start("a", 1.0)
    assert model.predict("b", 2.0) == Unknown("no run has ended yet")
    assert np.isnan(model.log_expected(["a", "b"], 2.0)).all()


def test_jobs_that_come_together_take_as_long_and_later_ones_need_not() -> None:
    model = Lookalikes()
    now = run_all(model, bursts(40, 1))
    model.come("first", now + 5000)
    model.start("first", now + 5000)
    model.end("first", 77.0)
    model.come("sibling", now + 5002)
    model.come("stranger", now + 10_000)
    sibling, stranger = (known(model, each, now + 10_000) for each in ("sibling", "stranger"))
    assert sibling.quantile(0.5) == pytest.approx(77.0, rel=0.1)
    assert sibling.quantile(0.8) < 120 < stranger.quantile(0.8)


def test_a_period_is_noticed() -> None:
    generator = np.random.default_rng(2)
    model = Lookalikes()
    times = sorted([(600.0 * n, 70.0) for n in range(300)] + [(float(at), 9000.0) for at in generator.uniform(0, 180_000, 300)])
    for number, (at, seconds) in enumerate(times):
        model.come(number, at)
        model.start(number, at)
        model.end(number, seconds)
    model.come("due", 600.0 * 300)
    model.come("other", 600.0 * 300 + 251)
    due, other = (known(model, each, 180_300.0).probability_by(200.0) for each in ("due", "other"))
    assert due > 0.65
    assert other < due - 0.15


def test_what_one_waiting_job_is_expected_to_take_reaches_those_behind_it() -> None:
    model = Lookalikes()
    now = run_all(model, bursts(40, 3)) + 5000
    for number in range(30):
        model.come(number, now + 2 * number)
    before = model.log_expected(range(30), now + 100)
    model.start(0, now + 100)
    model.end(0, 20.0)
    after = model.log_expected(range(1, 30), now + 200)
    assert np.all(after < before[1:] - 0.5)


def test_a_sibling_that_still_runs_makes_longer_runs_likelier() -> None:
    model = Lookalikes()
    now = run_all(model, bursts(40, 4)) + 5000
    for number in range(6):
        model.come(number, now + number)
    for number in range(5):
        model.start(number, now + 10)
    model.come("other", now + 200_000)
    model.start("other", now + 200_000)
    model.end("other", 300.0)
    early = Lookalikes()
    run_all(early, bursts(40, 4))
    for number in range(6):
        early.come(number, now + number)
    assert model.log_expected([5], now + 200_000)[0] > early.log_expected([5], now + 10)[0] + 1.0


def test_the_band_is_solved_as_if_one_after_the_other() -> None:
    generator = np.random.default_rng(5)
    table, rates = JobTable(), LinkRates()
    rates.rates = generator.uniform(0, 1, NOWHERE + 1)
    rates.rates[NOWHERE] = 0.0
    for row in range(300):
        table.add(row, float(row), row % 2)
        near = table.before(np.array([row]))[0][:row]
        table.links[row, : len(near)] = generator.integers(0, NOWHERE, len(near))
        table.phase[row] = generator.choice([0, 0, 0, 1, 2, 3])
        table.informs[row] = table.phase[row] != 3
    table.mean[:300], table.square[:300] = generator.normal(5, 1, 300), generator.uniform(30, 40, 300)
    kinds = np.array([4.0, 6.0]), np.array([20.0, 40.0])
    mean, square = table.mean.copy(), table.square.copy()
    update_queued(table, rates, kinds, 0.1)
    banded = table.mean.copy(), table.square.copy()
    table.mean, table.square = mean, square
    for row in table.in_phase(0):
        one = np.array([row])
        (table.mean[row],), (table.square[row],) = average(table, one, rates, kinds, 0.1)
    assert np.allclose(banded[0], table.mean, rtol=1e-10)
    assert np.allclose(banded[1], table.square, rtol=1e-10)


def test_predictions_are_calibrated_and_better_than_one_for_all() -> None:
    model, now = Lookalikes(), 0.0
    inside, gain, seen = [], [], list[float]()
    for number, (gap, seconds) in enumerate(bursts(60, 6)):
        now += gap
        model.come(number, now)
        found = model.predict(number, now)
        if isinstance(found, RunTime) and len(seen) > 50:
            inside.append(0.1 <= found.probability_by(seconds) <= 0.9)
            mean, deviation = np.mean(seen), np.std(seen)
            plain = -((math.log(seconds) - mean) ** 2) / (2 * deviation**2) - math.log(deviation * math.sqrt(2 * math.pi))
            gain.append(found.log_score(seconds) - plain)
        model.start(number, now)
        model.end(number, seconds)
        seen.append(math.log(seconds))
    assert 0.7 <= np.mean(inside) <= 0.92
    assert np.mean(gain) > 1.0


def test_only_what_is_still_compared_with_is_kept() -> None:
    model = Lookalikes()
    model.come("waits", 0.0)
    run_all(model, [(1.0, 10.0)] * 2100)
    assert len(model._table.came) > 2100
    model.go("waits")
    now = 2101.0
    for number in range(6000):
        model.come(number, now + number)
        model.start(number, now + number)
        model.end(number, 10.0)
    assert len(model._table.came) <= 3 * 1024
    assert model._table.count > WINDOW


def test_a_job_that_failed_says_nothing() -> None:
    ended, gone = Lookalikes(), Lookalikes()
    for model in (ended, gone):
        now = run_all(model, bursts(40, 7)) + 5000
        model.come("a", now)
        model.start("a", now)
        model.end("a", 500.0) if model is ended else model.go("a")
        model.come("b", now + 1)
    assert _near(known(ended, "b", now + 2), 500.0) > 2 * _near(known(gone, "b", now + 2), 500.0)


def _near(run_time: RunTime, seconds: float) -> float:
    return run_time.probability_by(1.3 * seconds) - run_time.probability_by(seconds / 1.3)


def test_the_first_of_a_lot_is_ranked_as_short_as_it_may_be() -> None:
    model = Lookalikes()
    now = run_all(model, bursts(40, 8)) + 5000
    for number in range(30):
        model.come(number, now + 2 * number)
    model.come("ender", now + 4000)
    model.end("ender", 100.0)
    ranks = model.log_expected(range(30), now + 5000)
    assert ranks[0] < ranks[-1] - 0.5
    assert ranks.argmin() < 3


def test_bad_input() -> None:
    model = Lookalikes()
    model.come("a", 10.0)
    with pytest.raises(ValueError, match="key is 'a': such a job has come and has not ended"):
        model.come("a", 11.0)
    for at in (9.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"at is .*: it must be seconds, not before those of the job that came last"):
            model.come("b", at)
    for seconds in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=r"seconds is .*: it must be a number above 0"):
            model.end("a", seconds)
    with pytest.raises(KeyError):
        model.start("b", 12.0)
