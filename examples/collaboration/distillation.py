"""Distillation: a small student learns from five teachers, on images without labels.

Each teacher was trained where its labelled images are. `fuse` averages the teachers' softened answers to the same images, and
the student learns from these. It sees no label; the same network with `FEW` labelled images shows what that is worth.
"""

import numpy as np

from bayplan_task import Unit, run
from examples.collaboration import digits, ensemble, models
from examples.collaboration.models import Array
from examples.collaboration.settings import number, seed, whole

EPOCHS = 100
HIDDEN = 16
TEMPERATURE = 2.0
FEW = 100


def soft_labels(teacher: models.Model, images: Array, temperature: float) -> Array:
    """A teacher's answers, softened: (n, 10)."""
    return models.probabilities(teacher, images, temperature)


def taught(images: Array, targets: Array, temperature: float, seed: int) -> models.Model:
    """A student that has learned from soft labels."""
    random = np.random.default_rng([seed, HIDDEN])
    return models.train(models.mlp(seed, HIDDEN), images, targets, EPOCHS, random, temperature=temperature)


def untaught(part: digits.Part, few: int, seed: int) -> models.Model:
    """The same network, trained on a few images with their labels."""
    known, _ = digits.two_parts(part, few, seed)
    random = np.random.default_rng([seed, HIDDEN])
    return models.train(models.mlp(seed, HIDDEN), known.images, models.one_hot(known.labels), EPOCHS, random)


def teacher(unit: Unit) -> None:
    """One of five."""
    part, test = digits.load()
    own = digits.even_parts(part, unit.shards, seed(unit))[unit.shard]
    trained = ensemble.equal(own, unit.shard, seed(unit))
    unit.save("outputs.npy", soft_labels(trained, part.images, number(unit, "TEMPERATURE", TEMPERATURE)))
    unit.results(accuracy=models.accuracy(trained, test.images, test.labels))


def student(unit: Unit) -> None:
    """Learns from the fused answers; beside it, the same network learns from a few labels."""
    part, test = digits.load()
    soft = np.load(unit.input("soft-labels") / "outputs.npy")
    learned = taught(part.images, soft, number(unit, "TEMPERATURE", TEMPERATURE), seed(unit))
    alone = untaught(part, whole(unit, "FEW", FEW), seed(unit))
    unit.save("weights.npz", learned)
    unit.results(
        accuracy=models.accuracy(learned, test.images, test.labels), few=models.accuracy(alone, test.images, test.labels)
    )


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"teacher": teacher, "student": student}[unit.task](unit)


if __name__ == "__main__":
    run(main)
