"""The context, by what a strategy declares."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import cache
from math import isnan
from typing import Any

from bayplan.foresight.graph_plans.finish import plan_of
from bayplan.model.workload import Request
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need

_FIELDS: Mapping[Need, str] = {
    Need.MIX: "mix",
    Need.LOAD: "load",
    Need.PLANS: "plans",
    Need.PLANS_IF_THEY_MATTER: "plans",
    Need.EFFICIENCY: "efficiency",
    Need.RUN_TIMES: "run_times",
    Need.SURVIVAL: "survival",
}
"""The field of the context that each opens."""


def narrowed(context: Context, needs: frozenset[Need]) -> Context:
    """The context without the parts that are not declared; itself if it holds none of these. O(1)."""
    hidden: dict[str, Any] = {name: None for name in _hidden(needs) if getattr(context, name) is not None}
    return replace(context, **hidden) if hidden else context


def dependence(needs: frozenset[Need], request: Request, context: Context) -> Hashable:
    """What the needs stand for at a request: while it is equal, so are the scores of a row whose usage is the same. O(needs).

    For the mix, load, efficiency and survival it is the object: what is learned later is another one. For plans it is the plan
    of the request's graph with the number of the unit, for run times the log of the request's expected seconds. The task is
    not in it, since scores are kept per task anyway.
    """
    return tuple([part(request, context) for part in _parts(needs)])


@cache
def _hidden(needs: frozenset[Need]) -> tuple[str, ...]:
    shown = {_FIELDS[each] for each in needs if each in _FIELDS}
    return tuple(name for name in dict.fromkeys(_FIELDS.values()) if name not in shown)


@cache
def _parts(needs: frozenset[Need]) -> tuple[Callable[[Request, Context], Hashable], ...]:
    return tuple(_PARTS[each] for each in Need if each in needs and each in _PARTS)


def _expected(request: Request, context: Context) -> Hashable:
    if context.run_times is None:
        return None
    found = float(context.run_times.log_expected([request], context.now)[0])
    return None if isnan(found) else found


_PARTS: Mapping[Need, Callable[[Request, Context], Hashable]] = {
    Need.MIX: lambda request, context: context.mix,
    Need.LOAD: lambda request, context: context.load,
    Need.PLANS: lambda request, context: plan_of(request, context.plans),
    Need.PLANS_IF_THEY_MATTER: lambda request, context: plan_of(request, context.plans),
    Need.EFFICIENCY: lambda request, context: context.efficiency,
    Need.RUN_TIMES: _expected,
    Need.SURVIVAL: lambda request, context: context.survival,
}
