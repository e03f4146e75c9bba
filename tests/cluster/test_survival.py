"""The operator may be killed at any instant."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict

from kubernetes import watch
from urllib3.exceptions import ProtocolError

from tests.cluster.kube import PATIENCE, Kube, Object, task, wait_for
from tests.testbed.installation import OperatorProcess

GRAPHS, KILLS = 50, 20


def shapes(rng: random.Random) -> list[Object]:
    """A chain, a diamond, a wide one, a sharded one, or one whose tasks fail once."""
    kind = rng.randrange(5)
    seconds = [round(rng.uniform(0.2, 2.0), 2) for _ in range(6)]
    if kind == 0:
        return [task(f"t{i}", *([f"t{i - 1}"] if i else []), seconds=seconds[i]) for i in range(5)]
    if kind == 1:
        return [task("a"), task("b", "a", seconds=seconds[1]), task("c", "a", seconds=seconds[2]), task("d", "b", "c")]
    if kind == 2:
        return [task("split"), *(task(f"w{i}", "split", seconds=seconds[i]) for i in range(6)), task("alone")]
    if kind == 3:
        return [task("a", seconds=seconds[0]), task("b", "a", shards=5, seconds=seconds[1]), task("c", "b")]
    failing = {"sim.bayplan.dev/exit-code": "1", "sim.bayplan.dev/fail-incarnations": "1"}
    return [task("a", annotations=failing, seconds=seconds[0]), task("b", "a", seconds=seconds[1])]


class Witness:
    """Watches all pods of the namespace: in which order attempts came into being and succeeded."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._watch = watch.Watch()
        self.created: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        self.succeeded: dict[tuple[str, str, str], set[int]] = defaultdict(set)
        self.started_after_success: list[tuple[str, str, str]] = []
        self._seen: set[str] = set()
        self._stopped = False
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._look()
        except ProtocolError:
            if not self._stopped:
                raise

    def _look(self) -> None:
        for event in self._watch.stream(self._kube.core.list_namespaced_pod, self._kube.namespace):
            pod = event["object"]
            labels = pod.metadata.labels
            unit = (labels["bayplan.dev/graph"], labels["bayplan.dev/task"], labels["bayplan.dev/shard"])
            number = int(labels["bayplan.dev/incarnation"])
            if pod.metadata.uid not in self._seen:
                self._seen.add(pod.metadata.uid)
                self.created[unit].append(number)
                if self.succeeded[unit]:
                    self.started_after_success.append(unit)
            if pod.status.phase == "Succeeded":
                self.succeeded[unit].add(number)

    def stop(self) -> None:
        self._stopped = True
        self._watch.stop()


def test_fifty_graphs_survive_twenty_kills(kube: Kube, operator: OperatorProcess) -> None:
    rng = random.Random(7)
    witness = Witness(kube)
    time.sleep(0.5)
    for number in range(GRAPHS):
        kube.create(f"g{number:02d}", *shapes(rng))
    for _ in range(KILLS):
        time.sleep(rng.uniform(0.3, 2.0))
        operator.restart()
    operator.wait_until_leading()

    def finished() -> bool:
        return all("completionTime" in graph.get("status", {}) for graph in kube.graphs())

    wait_for(finished, "all graphs are finished", timeout=3 * PATIENCE)
    wait_for(lambda: not any(pod.metadata.finalizers for pod in kube.pods()), "no finalizer is left")
    all_units = sum(each.get("shards", 1) for graph in kube.graphs() for each in graph["spec"]["tasks"])
    wait_for(lambda: len(witness.succeeded) == all_units, "the witness has seen everything")
    witness.stop()
    for graph in kube.graphs():
        name = graph["metadata"]["name"]
        assert graph["status"]["summary"] == "Succeeded", graph["status"]
        units = sum(each.get("shards", 1) for each in graph["spec"]["tasks"])
        assert graph["status"]["succeeded"] == units
        recorded = Counter(entry for line in graph["status"]["tasks"] for entry in line.split(" | "))
        assert sum("Succeeded" in entry for entry in recorded.elements()) == units, name
    assert witness.started_after_success == []
    twice = {unit: numbers for unit, numbers in witness.succeeded.items() if len(numbers) > 1}
    assert twice == {}, "more than one attempt succeeded although no node was lost"
    assert all(len(set(numbers)) == len(numbers) for numbers in witness.created.values()), "an incarnation was made twice"
    for pod in kube.pods():
        failed_first = pod.metadata.labels["bayplan.dev/incarnation"] == "2"
        fails = "sim.bayplan.dev/fail-incarnations" in (pod.metadata.annotations or {})
        assert fails or not failed_first, "a task that never failed was started twice"


def test_told_to_stop_it_creates_nothing_more(kube: Kube, operator: OperatorProcess) -> None:
    kube.create("g", *(task(f"t{i}", *([f"t{i - 1}"] if i else []), seconds=0.3) for i in range(40)))
    wait_for(lambda: len(kube.pods("g")) >= 2, "they follow each other")
    os.kill(operator.process.pid, signal.SIGTERM)
    before = len(kube.pods("g"))
    time.sleep(4)
    wait_for(lambda: not operator.process.alive(), "it has ended")
    # The one whose creation was under way; four seconds more of work would have made several.
    assert len(kube.pods("g")) <= before + 1
    operator.restart()
    kube.wait_condition("g", "Complete")
