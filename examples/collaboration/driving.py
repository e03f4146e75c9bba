"""Driving: camera, lidar and radar each say how probable an obstacle is; fused, they decide whether the car brakes.

The camera has two models, of which Bayplan chooses one. Where the fused answer is uncertain, a slower check is asked.
"""

import numpy as np
from numpy.typing import NDArray

from bayplan_task import Unit, run
from examples.collaboration.models import Array
from examples.collaboration.settings import seed

LEARN, TEST = 2000, 2000
SENSORS = {"camera": 8, "lidar": 5, "radar": 3}
"""Numbers that a sensor gives of a scene."""
SMALL = 2
"""Of the camera's numbers, those that its small model looks at."""
UNSURE = 0.15
"""Closer than this to 0.5, a probability is uncertain."""


def scenes(sensor: str, seed: int, look: int = 0) -> tuple[Array, NDArray[np.bool_]]:
    """What a sensor measures (n, numbers) when it looks for the first or second time, and whether there is an obstacle.

    In fog, the camera sees little.
    """
    truth = np.random.default_rng([seed, 6])
    obstacle = truth.random(LEARN + TEST) < 0.5
    fog = truth.random(LEARN + TEST) < 0.3
    direction = np.random.default_rng([seed, 7, *sensor.encode()]).normal(size=SENSORS[sensor])
    direction /= np.linalg.norm(direction)
    contrast = np.where(fog, 0.2, 1.0) if sensor == "camera" else np.ones(LEARN + TEST)
    middle = np.where(obstacle, 1.3, -1.3) * contrast
    noise = np.random.default_rng([seed, 8, look, *sensor.encode()]).normal(size=(LEARN + TEST, SENSORS[sensor]))
    return middle[:, None] * direction + noise, obstacle


def fitted(measured: Array, obstacle: NDArray[np.bool_]) -> Array:
    """Weights of a logistic regression on the scenes to learn from, after 300 steps of gradient descent."""
    learn, wanted = _with_one(measured[:LEARN]), obstacle[:LEARN].astype(float)
    weights = np.zeros(learn.shape[1])
    for _ in range(300):
        weights -= learn.T @ (_logistic(learn @ weights) - wanted) / LEARN
    return weights


def log_odds(sensor: str, seed: int, look: int, numbers: int | None = None) -> Array:
    """(test,) of an obstacle, by a sensor that has learned from its first look, or by the first `numbers` that it gives."""
    measured, obstacle = scenes(sensor, seed)
    weights = fitted(measured[:, :numbers], obstacle)
    return _with_one(scenes(sensor, seed, look)[0][LEARN:, :numbers]) @ weights


def sense(unit: Unit) -> None:
    """One sensor; the camera's small model looks at fewer numbers."""
    found = _logistic(log_odds(unit.task, seed(unit), 0, SMALL if unit.environment.get("CAMERA") == "small" else None))
    obstacle = scenes(unit.task, seed(unit))[1][LEARN:]
    unit.save("outputs.npy", found)
    unit.results(accuracy=np.mean((found > 0.5) == obstacle))


def decide(unit: Unit) -> None:
    """Brake where an obstacle is more probable than not; how many scenes are uncertain goes to the manifest's `when`."""
    found = np.load(unit.input("fused") / "outputs.npy")
    obstacle = scenes("camera", seed(unit))[1][LEARN:]
    uncertain = np.abs(found - 0.5) < UNSURE
    unit.save("decision.npz", {"brake": found > 0.5, "uncertain": uncertain})
    unit.results(accuracy=np.mean((found > 0.5) == obstacle), uncertain=uncertain.sum())


def check(unit: Unit) -> None:
    """The car slows down, and all sensors look again at the uncertain scenes: both looks together decide."""
    with np.load(unit.input("decide") / "decision.npz") as file:
        brake, uncertain = file["brake"], file["uncertain"]
    first, second = (sum(log_odds(sensor, seed(unit), look) for sensor in SENSORS) for look in (0, 1))
    obstacle = scenes("camera", seed(unit))[1][LEARN:]
    checked = np.where(uncertain, first + second > 0, brake)
    unit.results(accuracy=np.mean(checked == obstacle))


def _with_one(measured: Array) -> Array:
    return np.hstack([measured, np.ones((len(measured), 1))])


def _logistic(values: Array) -> Array:
    found: Array = 1 / (1 + np.exp(-values))
    return found


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"decide": decide, "check": check}.get(unit.task, sense)(unit)


if __name__ == "__main__":
    run(main)
