"""What the labels of a foreign pod ask of Bayplan. They are its user's input, and checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from bayplan_operator import names
from bayplan_operator.api.v1alpha1 import DEFAULT_POLICY, DEFAULT_QUEUE, MAX_PRIORITY
from bayplan_operator.api.validation.words import shown

MAX_GANG = 1000
"""Pods of one gang: its places are found in one decision, which has to end soon."""

_READ = (names.LABEL_QUEUE, names.LABEL_POLICY, names.LABEL_PRIORITY, names.LABEL_GANG, names.LABEL_GANG_SIZE)


class BadLabel(ValueError):
    """The message is one sentence: which label, what is wrong, what would be right."""


@dataclass(frozen=True, slots=True)
class AskedByLabels:
    """What they ask, or what holds where they say nothing."""

    queue: str = DEFAULT_QUEUE
    policy: str = DEFAULT_POLICY
    priority: int = 0
    gang: str = ""
    """Its name in its namespace; empty: the pod gets its place alone."""
    gang_size: int = 1


def asked_by_labels(labels: Mapping[str, str]) -> AskedByLabels:
    """Raises ``BadLabel``."""
    empty = next((label for label in _READ if labels.get(label) == ""), None)
    if empty is not None:
        raise BadLabel(f"{empty} is empty: give it a value, or leave it out")
    gang, size = labels.get(names.LABEL_GANG, ""), 1
    if gang and names.LABEL_GANG_SIZE not in labels:
        raise BadLabel(
            f"{names.LABEL_GANG_SIZE} is missing: a pod with {names.LABEL_GANG} must say how many pods its gang has, "
            f"from 1 to {MAX_GANG}"
        )
    if names.LABEL_GANG_SIZE in labels:
        if not gang:
            raise BadLabel(f"{names.LABEL_GANG} is missing: {names.LABEL_GANG_SIZE} needs the name of the gang beside it")
        size = _number(labels, names.LABEL_GANG_SIZE, 1, MAX_GANG)
    return AskedByLabels(
        labels.get(names.LABEL_QUEUE, DEFAULT_QUEUE),
        labels.get(names.LABEL_POLICY, DEFAULT_POLICY),
        _number(labels, names.LABEL_PRIORITY, 0, MAX_PRIORITY) if names.LABEL_PRIORITY in labels else 0,
        gang,
        size,
    )


def same_labels(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two sets of labels ask the same of Bayplan."""
    return all(one.get(label) == other.get(label) for label in _READ)


def _number(labels: Mapping[str, str], label: str, least: int, most: int) -> int:
    """Labels cannot begin with a minus, so there is none to be read."""
    text = labels[label]
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise BadLabel(f"{label} is {shown(text)}: it must be a whole number from {least} to {most}")
    return int(text)
