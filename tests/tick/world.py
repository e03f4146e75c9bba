"""A whole cluster on virtual time, and what a test does to it and asks of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from prometheus_client import REGISTRY

from bayplan_operator.settings import Settings
from tests.testbed.nodes import NodeKind, manifest
from tests.tick.api.kinds import NODE, PLACEMENT_POLICY, QUEUE, TASK_GRAPH, Kind
from tests.tick.api.patches import merged
from tests.tick.api.server import ApiServer
from tests.tick.api.store import Object, Store
from tests.tick.loop import EPOCH, VirtualLoop
from tests.tick.machinery.controllers import Controllers
from tests.tick.machinery.kubelets import Kubelets
from tests.tick.machinery.scheduler import Scheduler
from tests.tick.machinery.taints import TaintManager
from tests.tick.operator import Operator
from tests.tick.seen import NAMESPACE, Seen, at, label

PATIENCE = 600.0
"""Seconds, virtual ones, after which what should happen counts as not happening at all."""
_T = TypeVar("_T")


class World(Seen):
    """API server, kube-scheduler, kubelets, controllers and one operator, which a test has to start."""

    def __init__(self, **settings: Any) -> None:
        self.loop = VirtualLoop()
        super().__init__(Store(self.loop.clock))
        self.api = ApiServer(self.store, self.loop)
        self.scheduler = Scheduler(self.store, self.loop)
        self.kubelets = Kubelets(self.store, self.loop)
        self.controllers = Controllers(self.store, self.loop, self.kubelets)
        TaintManager(self.store, self.loop)
        self.operator = Operator(self.loop, self.api, Settings("tick", **{"plan_search": 0.0, **settings}))
        self.log = _Log()
        self._samples = {
            (each.name, *sorted(each.labels.items())): each.value for family in REGISTRY.collect() for each in family.samples
        }
        self.expected_errors = 0
        """Of what the operator logs as an error, how much the test is about."""
        logging.getLogger("bayplan_operator").addHandler(self.log)

    def close(self) -> None:
        """End it all; what went wrong unseen is an error."""
        try:
            self.operator.kill()
            self.loop.run_until_complete(self.loop.idle())
        finally:
            logging.getLogger("bayplan_operator").removeHandler(self.log)
            self.loop.close()
        assert self.loop.errors == []
        assert len(self.log.errors) == self.expected_errors, self.log.errors

    # Time

    def run(self, seconds: float = 0.0) -> None:
        """Let so much time pass, and whatever happens in it happen."""
        self.loop.run_until_complete(self._pass(self.loop.time() + seconds))

    def until(self, look: Callable[[], _T | None], what: str = "", patience: float = PATIENCE) -> _T:
        """What `look` answers as soon as that is not None or False; it is asked whenever an instant is over."""
        end = self.loop.time() + patience
        while True:
            self.run()
            found = look()
            if found:
                return found
            if self.loop.time() >= end:
                raise AssertionError(f"{what or 'it'}: not within {patience:.0f} s; {self.told()}")
            self.loop.run_until_complete(self._next(end))

    def seconds(self, stamp: str) -> float:
        """Between the begin and what the API writes as an instant, in whole seconds."""
        return at(stamp) - EPOCH

    def rise(self, metric: str, **labels: str) -> float:
        """By how much a metric of the operator has risen since this was last asked, or since the test began."""
        now, key = REGISTRY.get_sample_value(metric, labels) or 0.0, (metric, *sorted(labels.items()))
        before, self._samples[key] = self._samples.get(key, 0.0), now
        return now - before

    async def _pass(self, end: float) -> None:
        if end > self.loop.time():
            waiting = self.loop.create_future()
            self.loop.call_at(end, waiting.set_result, None)
            await waiting
        await self.loop.idle()

    async def _next(self, end: float) -> None:
        """Until something has happened that is stored, or it is time."""
        waiting = self.loop.create_future()

        def tell(_: object = None) -> None:
            if not waiting.done():
                waiting.set_result(None)

        timer = self.loop.call_at(end, tell)
        self.store.listeners.append(tell)
        await waiting
        self.store.listeners.remove(tell)
        timer.cancel()

    # What people do

    def add_nodes(self, kind: NodeKind, count: int) -> list[str]:
        """More nodes, ready at once."""
        names = {each["metadata"]["name"] for each in self.store.all(NODE)}
        begin = sum(name.startswith(f"{kind.prefix}-") for name in names)
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": self.store.stamp()}
        added = []
        for index in range(begin, begin + count):
            made = manifest(kind, index)
            made["status"]["conditions"] = [ready]
            added.append(self.store.create(NODE, "", made)["metadata"]["name"])
        return added

    def create(self, name: str, *tasks: Object, namespace: str = NAMESPACE, **spec: Any) -> Object:
        """Create a graph of these tasks."""
        return self.store.create(TASK_GRAPH, namespace, {"metadata": {"name": name}, "spec": {"tasks": list(tasks), **spec}})

    def create_policy(self, name: str, **spec: Any) -> Object:
        """Create a PlacementPolicy."""
        return self.store.create(PLACEMENT_POLICY, "", {"metadata": {"name": name}, "spec": spec})

    def create_queue(self, name: str, *quotas: Object, everyone: bool = True, **spec: Any) -> Object:
        """Create a Queue with these quotas, which every namespace may use unless told otherwise."""
        selector = {"namespaceSelector": {}} if everyone else {}
        return self.store.create(QUEUE, "", {"metadata": {"name": name}, "spec": {**selector, "quotas": list(quotas), **spec}})

    def patch(self, kind: Kind, name: str, change: Object, subresource: str = "") -> Object:
        """A merge patch of an object (in our namespace, where it has one)."""
        return self.store.change(kind, _space(kind), name, lambda before: merged(before, change), subresource)

    def delete(self, kind: Kind, name: str, propagation: str = "Background") -> None:
        """Delete an object (in our namespace, where it has one)."""
        self.store.delete(kind, _space(kind), name, propagation=propagation)

    def finish(self, *pods: Object) -> None:
        """Let running pods end now, as their annotations say."""
        for pod in pods:
            self.kubelets.finish(pod)

    # What is waited for

    def wait_condition(self, name: str, kind: str, status: str = "True") -> Object:
        """The same, once it is there."""
        return self.until(lambda: self.condition(name, kind, status), f"condition {kind}={status} of {name}")

    def wait_running(self, graph: str = "", task: str = "", count: int = 1) -> list[Object]:
        """The same, once there are so many."""
        return self.until(
            lambda: found if len(found := self.running(graph, task)) >= count else None, f"{count} pods of {graph} run"
        )

    def wait_attempt(self, graph: str, incarnation: int, task: str = "") -> Object:
        """A running pod of that incarnation, once there is one."""

        def look() -> Object | None:
            found = (pod for pod in self.running(graph, task) if label(pod, "bayplan.dev/incarnation") == str(incarnation))
            return next(found, None)

        return self.until(look, f"attempt {incarnation} of {graph} runs")

    def told(self) -> str:
        """All that the graphs say: what a wait in vain ends with."""
        graphs = {each["metadata"]["name"]: each.get("status") for each in self.store.all(TASK_GRAPH)}
        return f"at second {self.loop.passed:.1f} the graphs say {graphs}; log: {self.log.lines[-5:]}"


def _space(kind: Kind) -> str:
    return NAMESPACE if kind.namespaced else ""


class _Log(logging.Handler):
    """What the operator logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        self.lines.append(text)
        if record.levelno >= logging.ERROR:
            self.errors.append(text)
