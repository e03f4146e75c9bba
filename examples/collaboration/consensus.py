"""Weight synchronisation: two models, each with half of the images, take a step towards each other after each epoch.

`train` goes on from what `agree` (a `fuse` by consensus) made of its own model in the round before. Neither model is a server.
"""

import numpy as np

from bayplan_task import Unit, run
from examples.collaboration import digits, models
from examples.collaboration.settings import arrays, before, seed, there, whole


def part_round(model: models.Model, part: digits.Part, shard: int, round_: int, seed: int, epochs: int) -> models.Model:
    """What one of the two makes of its model in a round."""
    random = np.random.default_rng([seed, round_, shard])
    return models.train(model, part.images, models.one_hot(part.labels), epochs, random)


def distance(one: models.Model, other: models.Model) -> float:
    """Largest difference of any two weights."""
    return max(float(np.abs(one[name] - other[name]).max()) for name in one)


def train(unit: Unit) -> None:
    """One of the two."""
    old = before(unit, "agree")
    model = models.softmax(seed(unit)) if old is None else arrays(old / f"weights-{unit.shard}.npz")
    part, test = digits.load()
    own = digits.even_parts(part, unit.shards, seed(unit))[unit.shard]
    model = part_round(model, own, unit.shard, unit.round, seed(unit), whole(unit, "EPOCHS", 1))
    unit.save("weights.npz", model)
    unit.results(samples=len(own), accuracy=models.accuracy(model, test.images, test.labels))


def compare(unit: Unit) -> None:
    """How far apart the two are before and after their step, and how good the first is."""
    trained = [arrays(folder / "weights.npz") for folder in there(unit.inputs("train"))]
    agreed = [arrays(unit.input("agree") / f"weights-{shard}.npz") for shard in range(len(trained))]
    test = digits.load()[1]
    unit.results(
        before=distance(*trained), after=distance(*agreed), accuracy=models.accuracy(agreed[0], test.images, test.labels)
    )


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"train": train, "compare": compare}[unit.task](unit)


if __name__ == "__main__":
    run(main)
