"""From the answers of one poll to what was measured of each node."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bayplan.knowledge.load import Reading
from bayplan_operator.view.prometheus.answers import Series
from bayplan_operator.view.prometheus.failure import LoadError
from bayplan_operator.view.prometheus.nodes import NodeAliases


@dataclass(frozen=True, slots=True)
class Measured:
    """What one poll brought."""

    reading: Reading
    problems: tuple[LoadError, ...] = ()
    """What of it could not be used."""


def measured(
    answers: Mapping[str, Sequence[Series]], nodes: NodeAliases, at: float, known: Sequence[LoadError] = ()
) -> Measured:
    """The reading of the answers to the queries of each resource; ``known``: what went wrong before. O(series).

    Several series of one node count by their mean. Raises ``LoadError`` when nothing is left.
    """
    resources, columns, problems = [], [], list(known)
    for resource, series in answers.items():
        column, problem = _column(resource, series, nodes)
        problems += [problem] if problem is not None else []
        if column:
            resources.append(resource)
            columns.append(column)
    if not resources:
        words = "; ".join(map(str, problems)) or "none of the queries finds any series: does it scrape node-exporter?"
        raise LoadError(problems[0].reason if problems else "NoData", words)
    names = tuple(name for name in nodes.names if any(name in column for column in columns))
    values = np.array([[column.get(name, math.nan) for column in columns] for name in names])
    return Measured(Reading(names, tuple(resources), values, at), tuple(problems))


def _column(resource: str, series: Sequence[Series], nodes: NodeAliases) -> tuple[dict[str, float], LoadError | None]:
    """Per node the mean of its series, whatever it is: the library judges figures. And what belongs to no node."""
    found: dict[str, list[float]] = {}
    strangers = []
    for each in series:
        node = nodes.of(each)
        if node is None:
            strangers.append(each)
        else:
            found.setdefault(node, []).append(each.value)
    problem = None
    if strangers:
        words = f"query {resource}: {_of(len(strangers), len(series))} to no node, such as {_labels(strangers[0])}"
        problem = LoadError("UnknownNodes", words)
    return {node: sum(values) / len(values) for node, values in found.items()}, problem


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole} series belong{'s' if part == 1 else ''}"


def _labels(series: Series) -> str:
    inside = ", ".join(f'{name}="{value}"' for name, value in sorted(series.labels.items()))
    return f"{{{inside[:200]}}}" if inside else "{} (a series without labels: aggregate by ($labels))"
