import math

import numpy as np
import pytest
from scipy import integrate, stats

from bayplan.knowledge.run_times.regression import Moments, Prior, posterior


def moments(x: np.ndarray, y: np.ndarray) -> Moments:
    return Moments(x.T @ x, x.T @ y, float(y @ y), float(len(y)))


def test_mean_and_variance_agree_with_numeric_integration() -> None:
    y = np.array([5.1, 4.7, 5.9, 5.4])
    prior = Prior(np.array([4.0]), np.array([0.5]), 2.0, 0.8)
    found = posterior(prior, moments(np.ones((4, 1)), y)).predictive(np.ones(1))

    mean, log_variance = np.meshgrid(np.linspace(1, 9, 401), np.linspace(-5, 5, 301))
    variance = np.exp(log_variance)

    def integral(also: float | None) -> float:
        seen = [*y, also] if also is not None else y
        log = sum(stats.norm.logpdf(each, mean, np.sqrt(variance)) for each in seen) + log_variance
        log += stats.norm.logpdf(mean, 4.0, np.sqrt(variance / 0.5)) + stats.invgamma.logpdf(variance, 2.0, scale=0.8)
        return float(integrate.simpson(integrate.simpson(np.exp(log), mean[0]), log_variance[:, 0]))

    total = integral(None)
    for value in (4.0, 6.5):
        assert found.log_score(math.exp(value)) == pytest.approx(math.log(integral(value) / total), abs=1e-5)


def test_regression_is_the_ridge_solution_and_its_evidence_is_consistent() -> None:
    generator = np.random.default_rng(3)
    x = np.column_stack([np.ones(30), generator.normal(size=30), generator.normal(size=30)])
    y = x @ [5.0, 1.0, -0.5] + 0.3 * generator.normal(size=30)
    prior = Prior(np.array([4.0, 0.5, 0.0]), np.array([1.0, 2.0, 3.0]), 2.0, 0.5)
    found = posterior(prior, moments(x, y))
    assert np.allclose(
        found.location, np.linalg.solve(np.diag(prior.precision) + x.T @ x, prior.precision * prior.location + x.T @ y)
    )
    residual = y - x @ found.location
    drawn = found.location - prior.location
    assert found.scale == pytest.approx(0.5 + (residual @ residual + drawn @ (prior.precision * drawn)) / 2)
    assert found.shape == 17.0


def test_one_after_the_other_is_the_same_as_all_at_once() -> None:
    generator = np.random.default_rng(4)
    y = generator.normal(6, 1, 50)
    prior = Prior(np.array([1.0]), np.array([0.1]), 2.0, 0.5)
    at_once = posterior(prior, moments(np.ones((50, 1)), y))
    step = prior
    for value in y:
        last = posterior(step, moments(np.ones((1, 1)), np.array([value])))
        step = Prior(last.location, 1 / np.diag(last.inverse), last.shape, last.scale)
    assert step.location == pytest.approx(at_once.location, rel=1e-12)
    assert step.scale == pytest.approx(at_once.scale, rel=1e-11)


def test_an_effect_not_seen_yet_widens_the_prediction() -> None:
    prior = Prior(np.array([1.0]), np.array([1.0]), 2.0, 0.5)
    found = posterior(prior, moments(np.ones((5, 1)), np.arange(5.0)))
    near, far = found.predictive(np.ones(1)), found.predictive(np.ones(1), spread=0.5)
    assert far.scales[0] ** 2 - near.scales[0] ** 2 == pytest.approx(0.5 * found.scale / found.shape)
