"""Customer service: understand a message, find its intent, choose the response; the three losses make one joint loss.

`understand` turns words into a few numbers, `intent` reads the intent from them, `response` picks an answer by both. If the
joint loss is above what the manifest allows, the next round repeats all three with twice as many numbers for each message.
"""

import numpy as np
from numpy.typing import NDArray

from bayplan_task import Unit, run
from examples.collaboration.models import Array, normalised
from examples.collaboration.settings import arrays, seed

INTENTS = 8
MOODS = 2
"""A calm customer and an angry one get different responses."""
WORDS = 300
LENGTH = 12
LEARN, TEST = 1500, 500
FIRST_SIZE = 2
"""Numbers for each message in round 1."""


def messages(count: int, seed: int) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """Counts of words (count, 300), intents and moods. Each intent and each mood has words that it uses more often."""
    random = np.random.default_rng([seed, 2])
    usual = np.full(WORDS, 1.0 / WORDS)
    topics = 0.5 * usual + 0.5 * random.dirichlet(np.full(WORDS, 0.03), INTENTS)
    tempers = 0.5 * usual + 0.5 * random.dirichlet(np.full(WORDS, 0.03), MOODS)
    intents, moods = random.integers(0, INTENTS, count), random.integers(0, MOODS, count)
    chances = (2 * topics[intents] + tempers[moods]) / 3
    return random.multinomial(LENGTH, chances / chances.sum(axis=1, keepdims=True)).astype(float), intents, moods


def fitted(features: Array, labels: NDArray[np.int64], classes: int) -> Array:
    """Weights (features + 1, classes) of a softmax regression: 500 steps of gradient descent on all rows."""
    inputs = _with_one(features)
    targets = np.eye(classes)[labels]
    weights = np.zeros((inputs.shape[1], classes))
    for _ in range(500):
        weights -= inputs.T @ (normalised(inputs @ weights) - targets) / len(inputs)
    return weights


def answers(weights: Array, features: Array) -> Array:
    """Probabilities (n, classes)."""
    return normalised(_with_one(features) @ weights)


def surprise(found: Array, labels: NDArray[np.int64]) -> float:
    """Mean cross entropy, as a share of what guessing costs: 1 is as good as a guess."""
    return float(-np.log(found[np.arange(len(labels)), labels] + 1e-12).mean() / np.log(found.shape[1]))


def understand(unit: Unit) -> None:
    """Latent semantic analysis: the first directions of a singular value decomposition (Deerwester et al., JASIS 1990)."""
    words, intents, moods = messages(LEARN + TEST, seed(unit))
    size = FIRST_SIZE * 2 ** max(unit.round - 1, 0)
    learn = np.sqrt(words[:LEARN])
    _, strengths, directions = np.linalg.svd(learn - learn.mean(axis=0), full_matrices=False)
    vectors = (np.sqrt(words) - learn.mean(axis=0)) @ directions[:size].T
    unit.save("vectors.npz", {"vectors": vectors / vectors[:LEARN].std(axis=0), "intents": intents, "moods": moods})
    unit.results(loss=1 - (strengths[:size] ** 2).sum() / (strengths**2).sum(), size=size)


def intent(unit: Unit) -> None:
    """What the customer wants."""
    known = arrays(unit.input("understand") / "vectors.npz")
    weights = fitted(known["vectors"][:LEARN], known["intents"][:LEARN].astype(int), INTENTS)
    found = answers(weights, known["vectors"])
    unit.save("intents.npy", found)
    right = found[LEARN:].argmax(axis=1) == known["intents"][LEARN:]
    unit.results(loss=surprise(found[LEARN:], known["intents"][LEARN:].astype(int)), accuracy=right.mean())


def response(unit: Unit) -> None:
    """One of 16 responses: one for each intent and mood."""
    known = arrays(unit.input("understand") / "vectors.npz")
    features = np.hstack([known["vectors"], np.log(np.load(unit.input("intent") / "intents.npy") + 1e-6)])
    features = features / features[:LEARN].std(axis=0)
    wanted = (known["intents"] * MOODS + known["moods"]).astype(int)
    found = answers(fitted(features[:LEARN], wanted[:LEARN], INTENTS * MOODS), features[LEARN:])
    unit.results(loss=surprise(found, wanted[LEARN:]), accuracy=np.mean(found.argmax(axis=1) == wanted[LEARN:]))


def _with_one(features: Array) -> Array:
    return np.hstack([features, np.ones((len(features), 1))])


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"understand": understand, "intent": intent, "response": response}[unit.task](unit)


if __name__ == "__main__":
    run(main)
