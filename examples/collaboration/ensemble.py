"""Ensembles: several models answer the same questions, and `fuse` makes one answer of theirs.

`member` is one of five equal networks, each with a fifth of the images. `bayes`, `tree`, `logistic`, `neighbours` and `network`
are five unequal models, each with all of them. Weights by least squares are found on images that no member has trained on.
"""

from collections.abc import Callable

import numpy as np

from bayplan_task import Unit, run
from examples.collaboration import digits, models
from examples.collaboration.models import Array
from examples.collaboration.settings import arrays, seed, whole

EPOCHS = 100
VALIDATION = 337
"""Images that are put aside for the weights: a quarter of those that are not for testing."""

Member = Callable[[Array], Array]
"""Images to probabilities, (n, 64) to (n, 10)."""


def parts(seed: int) -> tuple[digits.Part, digits.Part, digits.Part]:
    """To fit on, to find weights on, to test on."""
    everything, test = digits.load()
    validation, fit = digits.two_parts(everything, VALIDATION, seed)
    return fit, validation, test


def equal(part: digits.Part, member: int, seed: int, hidden: int = 32) -> models.Model:
    """A network that was trained on its own fifth."""
    start = models.mlp(1000 * seed + member, hidden)
    random = np.random.default_rng([seed, member])
    return models.train(start, part.images, models.one_hot(part.labels), EPOCHS, random)


def unequal(kind: str, part: digits.Part, seed: int) -> Member:
    """A model of this kind, fitted."""
    if kind == "network":
        trained = equal(part, 0, seed)
        return lambda images: models.probabilities(trained, images)
    # Imported here, since it takes a second, and most members do without it.
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.tree import DecisionTreeClassifier

    kinds = {
        "bayes": lambda: GaussianNB(var_smoothing=0.01),
        "tree": lambda: DecisionTreeClassifier(random_state=seed),
        "logistic": lambda: LogisticRegression(max_iter=1000),
        "neighbours": lambda: KNeighborsClassifier(),
    }
    fitted = kinds[kind]().fit(part.images, part.labels)

    def answer(images: Array) -> Array:
        found: Array = fitted.predict_proba(images)
        return found

    return answer


def member(unit: Unit) -> None:
    """One of five equal ones: it writes its answers to the test, and to the images that weights are found on."""
    fit, validation, test = parts(seed(unit))
    own = digits.even_parts(fit, unit.shards, seed(unit))[unit.shard]
    trained = equal(own, unit.shard, seed(unit), whole(unit, "HIDDEN", 32))
    _answer(unit, lambda images: models.probabilities(trained, images), validation, test)


def of_kind(unit: Unit) -> None:
    """One of the unequal ones: the task's name is its kind."""
    fit, validation, test = parts(seed(unit))
    _answer(unit, unequal(unit.task, fit, seed(unit)), validation, test)


def _answer(unit: Unit, answer: Member, validation: digits.Part, test: digits.Part) -> None:
    found = answer(test.images)
    unit.save("outputs.npy", found)
    on_validation = {"validation": answer(validation.images), "targets": models.one_hot(validation.labels)}
    unit.save("validated.npz", {"outputs": found} | on_validation)
    right = float(np.mean(found.argmax(axis=1) == test.labels))
    unit.results(accuracy=right)


def evaluate(unit: Unit) -> None:
    """How often each fused answer is right."""
    labels = digits.load()[1].labels
    found = {}
    for method in ("mean", "vote", "wls"):
        folder = unit.input(method)
        fused = arrays(folder / "validated.npz")["outputs"] if method == "wls" else np.load(folder / "outputs.npy")
        answers = fused if fused.ndim == 1 else fused.argmax(axis=1)  # votes are labels already
        found[method] = float(np.mean(answers == labels))
    unit.results(**found)


def main(unit: Unit) -> None:
    """The task's name says which part this is."""
    {"member": member, "evaluate": evaluate}.get(unit.task, of_kind)(unit)


if __name__ == "__main__":
    run(main)
