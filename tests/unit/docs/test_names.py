"""The pages name every metric, strategy and parameter."""

from __future__ import annotations

import re

import pytest
from prometheus_client.metrics import MetricWrapperBase

from bayplan.strategy import parameters
from bayplan.strategy.assigning import PLANNERS
from bayplan.strategy.objectives import OBJECTIVES
from bayplan.strategy.ordering import ORDERS
from bayplan.strategy.presets import PRESETS
from bayplan.strategy.scoring import SCORERS
from bayplan_operator import metrics

from .pages import DOCS, code, mentions, read

STRATEGIES = [*ORDERS, *SCORERS, *PLANNERS, *PRESETS, *OBJECTIVES]
PARAMETERS = [
    (name, parameter)
    for name, kind in [*SCORERS.items(), *PLANNERS.items()]
    if not hasattr(kind, "from_parameters")
    for parameter in parameters.names(kind)
]


def metric_names() -> list[str]:
    found = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    return [f"{family.name}_total" if family.type == "counter" else family.name for each in found for family in each.describe()]


@pytest.mark.parametrize("name", metric_names())
def test_every_metric_is_explained(name: str) -> None:
    assert mentions(code(DOCS / "operations.md"), name)


def test_no_metric_is_explained_that_does_not_exist() -> None:
    told = re.findall(r"^\| `(bayplan_\w+)", read(DOCS / "operations.md"), re.MULTILINE)
    assert sorted(told) == sorted(metric_names())


@pytest.mark.parametrize("name", sorted(set(STRATEGIES)))
def test_every_strategy_is_explained(name: str) -> None:
    assert mentions(code(DOCS / "strategies.md"), name)


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_every_parameter_is_in_its_planners_line(name: str, parameter: str) -> None:
    (line,) = re.findall(rf"^\| `{name}` \|.*`{parameter}`.*$", read(DOCS / "strategies.md"), re.MULTILINE)
    assert line
