"""Ensembles, distillation and consensus in memory: the members of the examples, the operator's own fusion."""

from collections.abc import Iterator, Sequence

import numpy as np

from bayplan.collaboration.fusion import planned
from bayplan.collaboration.fusion.consensus import consensus
from bayplan.collaboration.fusion.ensemble import Validation, ensemble_weights, fuse_outputs
from bench.collaborating.row import Row
from examples.collaboration import digits, distillation, ensemble, models
from examples.collaboration.consensus import distance
from examples.collaboration.ensemble import Member
from examples.collaboration.models import Array

MEMBERS = 5
UNEQUAL = ("bayes", "tree", "logistic", "neighbours", "network")
FUSED = {"mean": "Mean", "vote": "MajorityVote", "WLS": "WeightedLeastSquares"}
STEPS = (0.1, 0.25, 0.4, 0.5)
CLOSE = 1e-9


def equal(seed: int) -> Iterator[Row]:
    """Five networks, each with a fifth of the images to fit on."""
    fit, validation, test = ensemble.parts(seed)
    trained = [ensemble.equal(part, member, seed) for member, part in enumerate(digits.even_parts(fit, MEMBERS, seed))]
    members: list[Member] = [lambda images, one=one: models.probabilities(one, images) for one in trained]  # type: ignore[misc]
    yield from _fused("equal ensemble", [f"member {number}" for number in range(MEMBERS)], members, validation, test, seed)


def unequal(seed: int) -> Iterator[Row]:
    """Five kinds of models, each with all images to fit on; the seed draws which images those are."""
    fit, validation, test = ensemble.parts(seed)
    members = [ensemble.unequal(kind, fit, seed) for kind in UNEQUAL]
    yield from _fused("unequal ensemble", UNEQUAL, members, validation, test, seed)


def distilled(seed: int) -> Iterator[Row]:
    """Five teachers with a fifth of the labelled images each; a student without labels; the same network with 100 labels."""
    part, test = digits.load()
    owned = digits.even_parts(part, MEMBERS, seed)
    teachers = [ensemble.equal(each, member, seed) for member, each in enumerate(owned)]
    mean = planned("Mean")
    together = fuse_outputs(mean, [models.probabilities(each, test.images) for each in teachers], [1.0] * MEMBERS)
    yield Row("distillation", "teachers", "MLP", seed, _right(together, test))
    softened = [distillation.soft_labels(each, part.images, distillation.TEMPERATURE) for each in teachers]
    soft = fuse_outputs(mean, softened, [1.0] * MEMBERS)
    student = distillation.taught(part.images, soft, distillation.TEMPERATURE, seed)
    yield Row("distillation", "student", "MLP-16", seed, models.accuracy(student, test.images, test.labels))
    alone = distillation.untaught(part, distillation.FEW, seed)
    yield Row("distillation", "100 hard labels", "MLP-16", seed, models.accuracy(alone, test.images, test.labels))


def steps(alpha: float) -> int:
    """Of consensus, until two models that differed by 1 differ by no more than 1e-9 in any weight."""
    plan = planned("Consensus", {"alpha": alpha})
    one, other = {"w": np.zeros(1)}, {"w": np.ones(1)}
    taken = 0
    while distance(one, other) > CLOSE:
        one, other = consensus(plan, [one, other])
        taken += 1
    return taken


def _fused(
    experiment: str, kinds: Sequence[str], members: Sequence[Member], validation: digits.Part, test: digits.Part, seed: int
) -> Iterator[Row]:
    outputs = [member(test.images) for member in members]
    alone = [_right(each, test) for each in outputs]
    for kind, right in zip(kinds, alone, strict=True):
        yield Row(experiment, "alone", kind, seed, right)
    yield Row(experiment, "best member", "best", seed, max(alone))
    known = Validation(outputs=[member(validation.images) for member in members], targets=models.one_hot(validation.labels))
    for name, method in FUSED.items():
        plan = planned(method)
        weights = ensemble_weights(plan, len(members), None, known if name == "WLS" else None)
        yield Row(experiment, name, "all", seed, _right(fuse_outputs(plan, outputs, weights), test))


def _right(answers: Array, test: digits.Part) -> float:
    labels = answers if answers.ndim == 1 else answers.argmax(axis=1)
    return float(np.mean(labels == test.labels))
