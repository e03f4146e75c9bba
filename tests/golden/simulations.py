"""The simulations that are recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain

from bayplan.simulation import Crash, Delays, Drawn, Failures, HiddenLoad, Policy, Scrapes, Steps
from bayplan.strategy.adaptive import Adaptive
from bayplan.strategy.compile import with_hot
from tests.golden.files import Row
from tests.golden.simulating import ran
from tests.golden.strategies import BESIDE, PRESET_NAMES, preset
from tests.golden.worlds import world

LIMIT = 5_000.0
"""Seconds of virtual time: what could go on for ever ends then."""
BREAKING = Failures((Crash("n1", 12.0, 70.0), Crash("n2", 30.0, math.inf)), attempt=0.2)
BY_LOT = Failures(mtbf=150.0, mtbf_of_class={"slow": 60.0}, repair=20.0, attempt=0.05)
DELAYS = Delays(binding=0.25, starting=1.0, noticing=5.0)
LOAD = HiddenLoad(
    {
        "n0": {"cpu": Steps((0.0, 40.0), (0.6, 0.1)), "disk": Steps.constant(0.5)},
        "n1": {"cpu": Drawn(0.1, 0.8, 20.0), "nvidia.com/gpu": Steps.constant(0.3)},
    },
    Scrapes(unmeasured=frozenset({"n3"})),
)


def one(name: str, grace: float = 10.0) -> dict[str, Policy]:
    """A preset for all graphs."""
    return {"": Policy(preset(name), node_loss_grace=grace)}


def adaptive(*names: str, objective: str = "ResponseTime") -> dict[str, Policy]:
    candidates = {name: preset(name) for name in names}
    return {"": Policy(candidates[names[0]], adaptive=Adaptive(candidates, objective, minimum=1))}


def every_preset() -> Iterator[Row]:
    """On one small world, with learning, since each then has what it goes by."""
    small = world("every preset", 4, every=12.0, again=True, seed=1)
    for name in PRESET_NAMES:
        yield from ran(name, small, one(name), noise=0.3, learn=True, seed=1, until=LIMIT)


def _plain(name: str) -> Iterator[Row]:
    return ran(name, world(name, 8, deadlines=True), one(name), noise=0.2, until=LIMIT)


def _hot() -> dict[str, Policy]:
    return {"": Policy(with_hot(preset("BestFit"), {"cpu": 0.7}))}


def _both(case: str, graphs: int, policies: dict[str, Policy], **more: object) -> Iterator[Row]:
    """Without learning, and with it."""
    for learn in (False, True):
        made = world(case, graphs, every=15.0, again=True, seed=2)
        yield from ran(
            f"{case} {'with' if learn else 'without'} learning", made, policies, 0.4, learn=learn, until=LIMIT, **more
        )


SIMULATIONS: Mapping[str, Callable[[], Iterator[Row]]] = {
    "every-preset": every_preset,
    "plain": lambda: chain.from_iterable(map(_plain, ("Auto", "BestFit", "Spread", "LeastSlack", "Random"))),
    "learning": lambda: chain(
        _both("efficiency", 7, one("Efficiency")),
        _both("plans", 7, one("GraphPlan")),
        _both("shortest", 7, {"": Policy(BESIDE["ShortestExpected"])}),
        _both("survival", 8, one("NodeSurvival"), failures=BY_LOT, delays=DELAYS),
    ),
    "failures": lambda: chain(
        ran("crashes", world("crashes", 6), one("BestFit"), failures=BREAKING, delays=DELAYS, until=LIMIT),
        ran(
            "crashes and plans",
            world("crashes", 6, data=True),
            one("GraphPlan"),
            failures=BREAKING,
            bandwidth=20.0,
            until=LIMIT,
        ),
        ran("by lot", world("lot", 6), one("Spread", 0.0), 0.3, failures=BY_LOT, delays=DELAYS, seed=3, until=LIMIT),
    ),
    "load": lambda: chain.from_iterable(
        ran(name, world("load", 8, seed=1), policies, load=LOAD, learn=name == "LoadRisk", until=LIMIT)
        for name, policies in {
            **{name: one(name) for name in ("LeastLoaded", "LoadAware", "TargetUtilization", "LoadRisk")},
            "hot": _hot(),
        }.items()
    ),
    "adaptive": lambda: chain(
        ran("response time", world("adaptive", 12, every=8.0, again=True), adaptive("BestFit", "GraphPlan"), 0.2, until=LIMIT),
        ran("cost", world("cost", 9, every=20.0), adaptive("Spread", "LeastCost", objective="Cost"), learn=True, until=LIMIT),
        ran(
            "deadlines",
            world("misses", 9, every=9.0, deadlines=True),
            adaptive("BestFit", "LeastSlack", objective="DeadlineMisses"),
            until=LIMIT,
        ),
    ),
    "plans": lambda: chain.from_iterable(
        ran(f"{name}, noise {noise}", world("plans", 5, data=True), one(name), noise, bandwidth=20.0, seed=2, until=LIMIT)
        for name in ("GraphPlan", "Auto")
        for noise in (0.0, 0.5)
    ),
    "shards": lambda: chain.from_iterable(
        ran(name, world("shards", 4, nodes=6, auto=True), one(name), until=LIMIT) for name in ("BestFit", "GraphPlan")
    ),
    "policies": partial(
        ran,
        "two policies",
        world("policies", 9, deadlines=True),
        {"a": Policy(preset("Packing")), "b": Policy(preset("EarliestDeadline")), "c": Policy(preset("RoundRobin"))},
        until=LIMIT,
    ),
}
