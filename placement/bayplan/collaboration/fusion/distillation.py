"""Distillation: a student learns from soft labels that teachers give with a temperature.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network" (2015), sections 2 and 2.1.
"""

from collections.abc import Sequence

import numpy as np

from bayplan.collaboration.fusion.errors import FusionError
from bayplan.collaboration.fusion.outputs import Labels, mean
from bayplan.collaboration.fusion.tensors import Array
from bayplan.collaboration.fusion.weights import Floats


def soft_targets(logits: Sequence[Array], temperature: float, weights: Sequence[float] | None = None) -> Floats:
    """The mean of the teachers' softened probabilities, (samples, classes). `logits`: of each teacher, (samples, classes).

    Teachers that only tell probabilities: give their logarithms, which soften to the same. Raises `FusionError`.
    """
    mean(logits)  # refuses what cannot be fused
    return mean([softened(each, temperature) for each in logits], weights)


def softened(logits: Array, temperature: float) -> Floats:
    """softmax(logits / temperature) over the last axis, in float64. Raises `FusionError` unless the temperature is above 0."""
    return np.exp(_log_softmax(logits, temperature))


def soft_loss(student: Array, targets: Array, temperature: float) -> tuple[float, Floats]:
    """T^2 times the mean Kullback-Leibler divergence of the student's softened answers from the targets; and its gradient.

    `student`: logits, (samples, classes); `targets`: from `soft_targets`, of that shape. The gradient, of that shape, is by the
    student's logits: T (q - p) / samples. T^2 keeps its size comparable to that of hard labels. Raises `FusionError`.
    """
    if student.shape != targets.shape or student.ndim != 2:
        raise FusionError(
            f"the student's logits have the shape {list(student.shape)} where the targets have {list(targets.shape)}: "
            "both must be (samples, classes)"
        )
    logs = _log_softmax(student, temperature)
    wanted = np.asarray(targets, dtype=np.float64)
    # Where the target is 0, its logarithm counts nothing.
    entropy = np.where(wanted > 0, wanted * np.log(np.where(wanted > 0, wanted, 1.0)), 0.0)
    samples = max(1, len(wanted))
    loss = temperature**2 * float((entropy - wanted * logs).sum()) / samples
    return loss, np.asarray(temperature * (np.exp(logs) - wanted) / samples)


def mixed_loss(student: Array, targets: Array, labels: Labels, temperature: float, hard: float) -> tuple[float, Floats]:
    """(1 - hard) times `soft_loss` plus hard times the mean cross-entropy with labels (samples,); and the gradient.

    `hard`: from 0 (only soft targets) to 1 (only labels). Raises `FusionError`.
    """
    if not 0 <= hard <= 1:
        raise FusionError(f"the share of hard labels is {hard:g}: it must lie between 0 and 1")
    soft, gradient = soft_loss(student, targets, temperature)
    logs = _log_softmax(student, 1.0)
    if labels.shape != logs.shape[:1] or (labels.size and not 0 <= labels.min() <= labels.max() < logs.shape[1]):
        raise FusionError(f"labels must be {len(logs)} whole numbers from 0 to {logs.shape[1] - 1}, one for each sample")
    samples = max(1, len(logs))
    rows = np.arange(len(logs))
    entropy = -float(logs[rows, labels].sum()) / samples
    towards = np.exp(logs)
    towards[rows, labels] -= 1.0
    return (1 - hard) * soft + hard * entropy, np.asarray((1 - hard) * gradient + hard * towards / samples)


def _log_softmax(logits: Array, temperature: float) -> Floats:
    if not 0 < temperature < np.inf:
        raise FusionError(f"the temperature is {temperature:g}: it must be a finite number above 0")
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    shifted = scaled - scaled.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
