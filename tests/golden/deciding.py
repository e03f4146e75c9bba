"""What a strategy decides in a scene: batch after batch, what is placed counts as used before the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from bayplan.core.engine import place
from bayplan.knowledge.arrivals import MixModel
from bayplan.model.decision import Decision
from bayplan.model.gpu import GpuUse
from bayplan.model.workload import Request
from bayplan.strategy.compile import with_hot
from bayplan.strategy.context import Context
from bayplan.strategy.protocols import Strategy
from tests.golden.files import Row, digest, lasting
from tests.golden.knowing import Load, TimeBox, efficiency_of, forecast_of, mix_of, run_times_of, survival_of
from tests.golden.making import class_of, cluster_of, request_of
from tests.golden.planning import PlannedGraph
from tests.golden.scenes import SCENES, scene

Plain = dict[str, Any]


def decisions(strategy: Strategy, scenes: Iterable[str] = tuple(SCENES)) -> Iterator[Row]:
    """One row a decision."""
    for name in scenes:
        yield Row((name, "inputs"), (digest(_scene(name)),))
        for batch, decision in _Scene(name, strategy).decide():
            reason = "" if decision.reason is None else decision.reason.value
            yield Row(
                (name, batch, _called(decision.request_id)),
                (decision.node, list(decision.gpus), reason, lasting(decision.message)),
            )


class _Scene:
    def __init__(self, name: str, strategy: Strategy) -> None:
        self._scene = _scene(name)
        self._cluster = cluster_of(self._scene)
        self._classes = [class_of(each) for each in self._scene["classes"]]
        self._strategy = with_hot(strategy, self._scene["hot"]) if self._scene["hot"] else strategy
        self._learned: Plain | None = self._scene["learned"]
        self._load, self._turn = Load(self._cluster), 0
        self._mix = _mix(name) if strategy.uses_mix else None
        run_times = None if self._learned is None else run_times_of(self._learned)
        self._graphs = {
            graph: PlannedGraph(graph, made, self._classes, run_times) for graph, made in self._scene.get("graphs", {}).items()
        }
        self._waiting: list[Request] = []
        self._survival = None if self._learned is None else survival_of(self._learned)
        self._forecast = None if self._learned is None else forecast_of(self._learned)
        self._efficiency = None if self._learned is None else efficiency_of(self._learned)

    def decide(self) -> Iterator[tuple[int, Decision]]:
        for number, batch in enumerate(self._scene["batches"]):
            for key in batch["leaves"]:
                self._cluster.vacate(key)
            requests = self._requests(batch)
            made = place(requests, self._cluster, self._strategy, self._context(batch))
            self._waiting = []
            for request, decision in zip(requests, made, strict=True):
                self._take(request, decision)
                yield number, decision

    def _requests(self, batch: Plain) -> list[Request]:
        if not self._graphs:
            return [request_of(each, self._classes) for each in batch["requests"]]
        for name, graph in self._graphs.items():
            for unit in graph.end_all_but_last():
                self._cluster.vacate((name, unit))
        graphs = [(self._graphs[each["graph"]], each) for each in batch["requests"]]
        return [*self._waiting, *(graph.request(graph.unit(each["task"], each["shard"])) for graph, each in graphs)]

    def _context(self, batch: Plain) -> Context:
        now = batch["now"]
        return Context(
            now=now,
            rejected={self._classes[int(each)]: frozenset(nodes) for each, nodes in batch.get("rejected", {}).items()},
            seed=batch["seed"],
            turn=self._turn,
            mix=self._mix,
            efficiency=self._efficiency,
            run_times=self._forecast,
            plans={name: graph.plan(self._cluster, now) for name, graph in self._graphs.items()} or None,
            load=self._load.estimate(now, batch.get("reading")),
            survival=self._survival,
            stop=TimeBox(self._scene["patience"]),
        )

    def _take(self, request: Request, decision: Decision) -> None:
        """What waits asks again only where graphs are planned: elsewhere the next batch asks something else."""
        if decision.node is None:
            self._waiting += [request] if self._graphs else []
            return
        asked = request.request_class
        use = None if asked.gpus is None else GpuUse(asked.gpus, decision.gpus)
        self._cluster.occupy(request.id, decision.node, dict(asked.resources), use)
        self._turn += 1
        if self._graphs:
            graph, unit = request.id  # type: ignore[misc]
            self._graphs[graph].placed(unit, decision.node)


@cache
def _scene(name: str) -> Plain:
    return scene(name)


@cache
def _mix(name: str) -> MixModel:
    """It depends on the empty nodes alone, so all strategies share it."""
    made = _scene(name)
    return mix_of([class_of(each) for each in made["classes"]], cluster_of(made))


def _called(request_id: object) -> str:
    return "/".join(map(str, request_id)) if isinstance(request_id, tuple) else str(request_id)
