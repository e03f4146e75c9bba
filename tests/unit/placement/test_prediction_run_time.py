import math

import numpy as np
import pytest
from scipy import integrate, stats

from bayplan.knowledge.run_times.run_time import RunTime, mixture

ONE = RunTime.single(5.0, 0.7, 6.0)
TWO = mixture([3.0, 1.0], [ONE, RunTime.single(9.0, 0.2, 4.0)])


def test_probabilities_are_those_of_student_t_over_log_seconds() -> None:
    reference = stats.t(6.0, 5.0, 0.7)
    for seconds in (1.0, 50.0, 150.0, 4000.0):
        assert ONE.probability_by(seconds) == pytest.approx(reference.cdf(math.log(seconds)), rel=1e-12)
        assert ONE.log_score(seconds) == pytest.approx(reference.logpdf(math.log(seconds)), rel=1e-12)
    assert ONE.probability_by(0.0) == 0.0
    assert ONE.log_mean == 5.0
    assert ONE.log_deviation == pytest.approx(reference.std())


@pytest.mark.parametrize("run_time", [ONE, TWO])
@pytest.mark.parametrize("elapsed", [0.0, 30.0, 700.0])
def test_quantile_inverts_the_probability(run_time: RunTime, elapsed: float) -> None:
    for probability in (0.001, 0.1, 0.5, 0.9, 0.999):
        assert run_time.probability_by(run_time.quantile(probability, elapsed), elapsed) == pytest.approx(probability, abs=1e-9)


def test_having_run_for_a_while_is_a_condition() -> None:
    by, elapsed = 400.0, 100.0
    expected = (TWO.probability_by(by) - TWO.probability_by(elapsed)) / (1 - TWO.probability_by(elapsed))
    assert TWO.probability_by(by, elapsed) == pytest.approx(expected, rel=1e-12)
    assert TWO.probability_by(99.0, elapsed) == 0.0
    assert TWO.quantile(0.5, elapsed) > max(elapsed, TWO.quantile(0.5))


def test_a_run_far_beyond_all_experience_still_has_an_answer() -> None:
    narrow = RunTime.single(0.0, 0.01, 1000.0)
    assert narrow.probability_by(1e300, 1e299) == 1.0
    assert narrow.quantile(0.5, 1e300) == 1e300


def test_a_mixture_integrates_to_one_and_has_the_moments_of_its_parts() -> None:
    def density(y: float) -> float:
        return math.exp(TWO.log_score(math.exp(y)))

    total, first, second = (
        integrate.quad(lambda y, k=k: y**k * density(y), -60, 90, limit=500, points=[5, 9])[0] for k in range(3)
    )
    assert total == pytest.approx(1.0, abs=1e-7)
    assert first == pytest.approx(TWO.log_mean, abs=1e-6)
    assert math.sqrt(second - first**2) == pytest.approx(TWO.log_deviation, rel=1e-3)


def test_the_mean_is_that_of_log_normals() -> None:
    assert ONE.mean == pytest.approx(math.exp(5.0 + 0.49 / 2))
    assert TWO.mean == pytest.approx(0.75 * ONE.mean + 0.25 * math.exp(9.02))
    assert RunTime.single(5000.0, 1.0, 4.0).log_expected == 5000.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ONE.probability_by(-1.0), "seconds is -1.0: it must be a number, 0 or above"),
        (lambda: ONE.probability_by(math.nan), "seconds is nan: it must be a number, 0 or above"),
        (lambda: ONE.quantile(1.0), "probability is 1.0: it must lie between 0 and 1"),
        (lambda: ONE.log_score(0.0), "seconds is 0.0: it must be a number above 0"),
        (lambda: mixture([0.0], [ONE]), r"weights are \[0.0\]: they must be numbers"),
    ],
)
def test_bad_input(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_scores_are_arrays_of_weights_that_add_up() -> None:
    assert TWO.weights.sum() == pytest.approx(1.0)
    assert np.all(TWO.weights == [0.75, 0.25])
