"""Two small classifiers in plain numpy, softmax regression and a network with one hidden layer, and how they are trained.

A model is a dictionary of arrays, so that it can be saved as `.npz` and fused with others by the names of its arrays.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from examples.collaboration.digits import DIGITS, PIXELS

Array = NDArray[np.float64]
Model = dict[str, Array]

RATE = 0.1
BATCH = 16


def softmax(seed: int) -> Model:
    """Softmax regression, which starts with zeros whatever the seed: its loss has one minimum."""
    return {"weights": np.zeros((PIXELS, DIGITS)), "bias": np.zeros(DIGITS)}


def mlp(seed: int, hidden: int = 32) -> Model:
    """64 pixels, a hidden layer of rectified units, 10 digits; weights as He et al. draw them (ICCV 2015, equation 10)."""
    random = np.random.default_rng([seed, hidden])
    return {
        "hidden_weights": random.normal(0, np.sqrt(2 / PIXELS), (PIXELS, hidden)),
        "hidden_bias": np.zeros(hidden),
        "weights": random.normal(0, np.sqrt(2 / hidden), (hidden, DIGITS)),
        "bias": np.zeros(DIGITS),
    }


def logits(model: Mapping[str, Array], images: Array) -> Array:
    """(n, 10): before the softmax."""
    hidden = images
    if "hidden_weights" in model:
        hidden = np.maximum(images @ model["hidden_weights"] + model["hidden_bias"], 0)
    found: Array = hidden @ model["weights"] + model["bias"]
    return found


def probabilities(model: Mapping[str, Array], images: Array, temperature: float = 1.0) -> Array:
    """(n, 10): each row sums to 1."""
    return normalised(logits(model, images) / temperature)


def normalised(scores: Array) -> Array:
    """The softmax of each row."""
    powers: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def accuracy(model: Mapping[str, Array], images: Array, labels: NDArray[np.int64]) -> float:
    """The share of images whose most probable digit is the right one."""
    return float(np.mean(logits(model, images).argmax(axis=1) == labels))


def cross_entropy(model: Mapping[str, Array], images: Array, labels: NDArray[np.int64]) -> float:
    """In nats an image."""
    return float(-np.log(probabilities(model, images)[np.arange(len(labels)), labels] + 1e-300).mean())


def one_hot(labels: NDArray[np.int64]) -> Array:
    """(n, 10): all the weight on the label."""
    targets: Array = np.eye(DIGITS)[labels]
    return targets


def gradient(model: Mapping[str, Array], images: Array, targets: Array, temperature: float = 1.0) -> Model:
    """Of the mean cross entropy between `targets` (n, 10) and the model's probabilities at this temperature."""
    hidden = images
    if "hidden_weights" in model:
        hidden = np.maximum(images @ model["hidden_weights"] + model["hidden_bias"], 0)
    wrong = normalised((hidden @ model["weights"] + model["bias"]) / temperature)
    wrong -= targets
    wrong /= len(images) * temperature
    found = {"weights": hidden.T @ wrong, "bias": wrong.sum(axis=0)}
    if "hidden_weights" in model:
        below = wrong @ model["weights"].T
        below *= hidden > 0
        found |= {"hidden_weights": images.T @ below, "hidden_bias": below.sum(axis=0)}
    return found


def train(
    start: Mapping[str, Array],
    images: Array,
    targets: Array,
    epochs: int,
    random: np.random.Generator,
    *,
    proximal: float = 0.0,
    temperature: float = 1.0,
) -> Model:
    """Plain stochastic gradient descent: batches of 16 in a new order in each epoch, learning rate 0.1.

    `proximal` is FedProx's μ: the loss gets μ/2 · |θ − θ start|² more (Li et al., MLSys 2020, equation 2). With a temperature
    T the gradients are multiplied by T², as distillation wants it (Hinton et al. 2015, section 2).
    """
    model = {name: each.copy() for name, each in start.items()}
    rate = RATE * temperature**2
    for _ in range(epochs):
        order = random.permutation(len(images))
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            step = gradient(model, images[batch], targets[batch], temperature)
            for name, slope in step.items():
                if proximal:
                    slope += proximal * (model[name] - start[name])
                model[name] -= rate * slope
    return model
