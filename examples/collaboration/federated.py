"""Federated learning: five clients learn ten digits together, although each has seen two and shows its images to no other.

`local` trains on what one client has, `aggregate` (the operator's own `fuse`) makes one model of all, `evaluate` tests it.
"""

import numpy as np

from bayplan_task import TaskError, Unit, run
from examples.collaboration import digits, models
from examples.collaboration.settings import arrays, before, number, seed, whole

MODELS = {"softmax": models.softmax, "mlp": models.mlp}


def start(kind: str, seed: int) -> models.Model:
    """The model that every client begins the first round with."""
    if kind not in MODELS:
        raise TaskError(f'MODEL is "{kind}": it must be one of {", ".join(MODELS)}')
    return MODELS[kind](seed)


def client_round(
    model: models.Model, part: digits.Part, client: int, round_: int, seed: int, *, epochs: int = 5, proximal: float = 0.0
) -> models.Model:
    """What a client makes of the global model in a round: the same wherever and whenever it runs."""
    random = np.random.default_rng([seed, round_, client])
    return models.train(model, part.images, models.one_hot(part.labels), epochs, random, proximal=proximal)


def local(unit: Unit) -> None:
    """One client, one round."""
    old = before(unit, "aggregate")
    model = start(unit.environment.get("MODEL", "softmax"), seed(unit)) if old is None else arrays(old / "weights.npz")
    part = digits.of_two_digits(digits.load()[0], unit.shard)
    trained = client_round(
        model, part, unit.shard, unit.round, seed(unit), epochs=whole(unit, "EPOCHS", 5), proximal=number(unit, "PROXIMAL", 0)
    )
    unit.save("weights.npz", trained)
    unit.results(samples=len(part), loss=models.cross_entropy(trained, part.images, part.labels))


def evaluate(unit: Unit) -> None:
    """The global model on images that no client has."""
    model = arrays(unit.input("aggregate") / "weights.npz")
    test = digits.load()[1]
    unit.results(
        accuracy=models.accuracy(model, test.images, test.labels), loss=models.cross_entropy(model, test.images, test.labels)
    )


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"local": local, "evaluate": evaluate}[unit.task](unit)


if __name__ == "__main__":
    run(main)
