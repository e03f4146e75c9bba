"""The operator's own parts against a real API server: answers that are lost, names that are taken, deletions unseen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bayplan.cluster.cluster import Cluster as LibraryCluster
from bayplan.model.workload import NodeInfo
from bayplan_operator import names
from bayplan_operator.kube import configuration, errors, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.reflector import Reflector
from bayplan_operator.translate.own_pod import Identity, Pending
from bayplan_operator.view import PodStore
from bayplan_operator.view.kinds import Inboxes, list_kinds
from bayplan_operator.writer import GraphWriter, PodWriter, WriteQueue
from bayplan_operator.writer.pods import Creation
from tests.cluster.kube import PATIENCE, Kube, Object, task, wait_for
from tests.testbed.cluster import Cluster


@pytest.fixture
async def server(testbed: Cluster) -> AsyncIterator[ApiServer]:
    async with ApiServer(configuration.load(testbed.kubeconfig)) as open_server:
        yield open_server


class Lossy(ApiServer):
    """Loses the first creation's answer, or already its question."""

    def __init__(self, testbed: Cluster, *, delivered: bool) -> None:
        super().__init__(configuration.load(testbed.kubeconfig))
        self._delivered = delivered
        self.asked: list[str] = []

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        self.asked.append(method)
        if self.asked != ["POST"]:
            return await super().call(method, path, body, params, content_type)
        if self._delivered:
            await super().call(method, path, body, params, content_type)
        raise errors.Unreachable("the connection broke")


class Bench:
    """A pod writer with a store of its own, for a graph that the operator leaves alone since it is invalid."""

    def __init__(self, server: ApiServer, kube: Kube) -> None:
        self.kube = kube
        self.owner: str = kube.create("g", task("a", "b"), task("b", "a"))["metadata"]["uid"]
        cluster = LibraryCluster()
        cluster.set_node(NodeInfo("nowhere", {"cpu": 64_000, "pods": 110}))
        self.store = PodStore(cluster, lambda: 0.0, lambda: None)
        self.queue = WriteQueue(4, random.Random(1), lambda _: None)
        self.writer = PodWriter(server, self.store, self.queue, self.queue)
        self.name = names.pod_name("g", self.owner, "a", 0, 1)
        self.key = (kube.namespace, self.name)

    def manifest(self, digest: str = "d", owner: str | None = None) -> Object:
        reference = {
            "apiVersion": names.API_VERSION, "kind": names.TASK_GRAPH, "name": "other" if owner else "g",
            "uid": owner or self.owner, "controller": True,
        }  # fmt: skip
        labels = {names.LABEL_TASK: "a", names.LABEL_SHARD: "0", names.LABEL_INCARNATION: "1"}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name, "namespace": self.kube.namespace, "labels": labels,
                "annotations": {names.ANNOTATION_TEMPLATE_HASH: digest, names.ANNOTATION_NODE: "nowhere"},
                "ownerReferences": [reference],
            },
            "spec": {"containers": [{"name": "c", "image": "none"}], "nodeSelector": {"no": "node"}},
        }  # fmt: skip

    async def create(self, manifest: Object) -> list[Any]:
        """Create the pod as a tick does; answers the refusals."""
        self.store.assume(self.key, Pending(self.owner, Identity("a", 0, 1), "nowhere", {"cpu": 1000, "pods": 1}))
        self.writer.create(Creation(self.key, self.owner, 0, 1, manifest))
        await self.queue.idle()
        assert [key for key in self.store.keys(self.owner) if self.store.pending(self.owner, key)] == [], (
            "nothing stays under way for ever"
        )
        return self.store.take_refusals(self.owner)

    def pods(self) -> list[Any]:
        return list(self.kube.core.list_namespaced_pod(self.kube.namespace).items)


@pytest.fixture
def bench(server: ApiServer, kube: Kube) -> Bench:
    return Bench(server, kube)


async def test_a_pod_that_is_there_already_is_adopted_if_it_is_ours(server: ApiServer, bench: Bench) -> None:
    """Rule 2: the controller's UID and the template's hash prove it; what the store knows of it makes no difference."""
    assert await bench.create(bench.manifest()) == []
    (first,) = bench.pods()
    assert await bench.create(bench.manifest()) == [], "known to the store"
    store = PodStore(LibraryCluster(), lambda: 0.0, lambda: None)
    other = PodWriter(server, store, bench.queue, bench.queue)
    store.assume(bench.key, Pending(bench.owner, Identity("a", 0, 1), "nowhere", {}))
    other.create(Creation(bench.key, bench.owner, 0, 1, bench.manifest()))
    await bench.queue.idle()
    assert store.take_refusals(bench.owner) == []
    assert [own.pod.metadata.uid for own in store.own(bench.owner)] == [first.metadata.uid]
    assert [pod.metadata.uid for pod in bench.pods()] == [first.metadata.uid]


async def test_a_pod_that_is_there_already_is_not_adopted_on_its_labels_word(bench: Bench) -> None:
    """Rule 2: another owner, another template or a pod on its way out is none of ours, whatever its labels say."""
    ours = bench.manifest()
    other = bench.kube.create("other", task("a", "b"), task("b", "a"))["metadata"]["uid"]
    held = bench.manifest()
    held["metadata"]["finalizers"] = ["example.dev/held"]
    for there, terminating in (
        (bench.manifest(owner=other), False),
        (bench.manifest(digest="other"), False),
        (held, True),
    ):
        bench.kube.core.create_namespaced_pod(bench.kube.namespace, there)
        if terminating:
            bench.kube.core.delete_namespaced_pod(bench.name, bench.kube.namespace, grace_period_seconds=0)
        (refusal,) = await bench.create(ours)
        assert (refusal.cause, refusal.final) == ("NameTaken", False)
        assert bench.name in refusal.message
        bench.kube.core.patch_namespaced_pod(bench.name, bench.kube.namespace, {"metadata": {"finalizers": None}})
        if not terminating:
            bench.kube.core.delete_namespaced_pod(bench.name, bench.kube.namespace, grace_period_seconds=0)
        wait_for(lambda: bench.pods() == [], "the pod is gone")


@pytest.mark.parametrize(("delivered", "asked"), [(True, ["POST", "GET"]), (False, ["POST", "GET", "POST"])])
async def test_an_unknown_outcome_is_settled_by_asking(testbed: Cluster, kube: Kube, delivered: bool, asked: list[str]) -> None:
    """Rule 3: after a connection that broke, GET says whether the pod is there; only then is it posted again."""
    async with Lossy(testbed, delivered=delivered) as lossy:
        bench = Bench(lossy, kube)
        assert await bench.create(bench.manifest()) == []
        assert lossy.asked == asked
        (pod,) = bench.pods()
        assert [own.pod.metadata.uid for own in bench.store.own(bench.owner)] == [pod.metadata.uid]


class Sink:
    """Keeps what it is told, by UID."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def replace(self, items: Any, version: int) -> None:
        self.known = {item.metadata.uid: item.metadata.resource_version for item in items}

    def apply(self, item: wire.Pod) -> None:
        self.known[item.metadata.uid] = item.metadata.resource_version

    def remove(self, item: wire.Pod) -> None:
        self.known.pop(item.metadata.uid, None)

    def flush(self) -> None:
        pass


async def test_the_reflector_lists_again_when_its_version_is_too_old(server: ApiServer, kube: Kube) -> None:
    """Rules 3 and 6: deletions that no watch delivered are found by the list that follows a 410.

    Shown on task graphs: what the API server remembers of a kind begins with its CRD, so that version 1 is too old for it.
    """
    sink = Sink()
    path = f"/apis/{names.API_VERSION}/namespaces/{kube.namespace}/taskgraphs"
    reflector = Reflector(server, path, wire.Pod, sink)  # only their metadata matters here
    quiet = {"suspend": True}
    for name in ("stays", "goes"):
        kube.create(name, task("a"), **quiet)
    running = asyncio.create_task(reflector.run())
    await asyncio.wait_for(reflector.synced.wait(), PATIENCE)
    assert len(sink.known) == 2
    running.cancel()
    await asyncio.wait({running})
    kube.delete("goes")
    kube.create("comes", task("a"), **quiet)
    reflector._version = "1"
    running = asyncio.create_task(reflector.run())

    def truth() -> dict[str, str]:
        return {graph["metadata"]["uid"]: graph["metadata"]["resourceVersion"] for graph in kube.graphs()}

    async def equal() -> None:
        while sink.known != await asyncio.to_thread(truth):  # noqa: ASYNC110 - the API server's state knows no event
            await asyncio.sleep(0.1)

    await asyncio.wait_for(equal(), PATIENCE)
    assert len(sink.known) == 2
    assert reflector.relists == 2
    kube.create("later", task("a"), **quiet)
    kube.delete("stays")
    await asyncio.wait_for(equal(), PATIENCE)
    assert len(sink.known) == 2
    assert reflector.relists == 2, "what comes after is watched, not listed"
    running.cancel()
    await asyncio.wait({running})


async def test_a_deletion_that_kopf_never_delivered_is_found_by_listing(server: ApiServer, kube: Kube) -> None:
    """Rule 6: the kinds are listed now and then, and what is gone is dropped; what came anew is another one."""
    inboxes = Inboxes(lambda: None)
    graphs = inboxes.graphs
    for name in ("stays", "goes", "anew"):
        kube.create(name, task("a", seconds=None), suspend=True)
    await list_kinds(server, inboxes)
    seen = {key[1] for key, raw in graphs.take() if key[0] == kube.namespace and raw is not None}
    assert seen == {"stays", "goes", "anew"}
    kube.delete("goes")
    kube.delete("anew")
    uid = kube.create("anew", task("a", seconds=None), suspend=True)["metadata"]["uid"]
    await list_kinds(server, inboxes)
    news = {key[1]: raw for key, raw in graphs.take() if key[0] == kube.namespace and key[1] != "stays"}
    assert set(news) == {"goes", "anew"}
    assert news["goes"] is None
    assert news["anew"] is not None
    assert news["anew"]["metadata"]["uid"] == uid


async def test_a_status_for_one_version_only_does_not_overwrite_what_came_after(server: ApiServer, bench: Bench) -> None:
    """A number of shards that an operator decided which has lost its Lease comes too late."""
    writer = GraphWriter(server, bench.queue)
    kube, key = bench.kube, (bench.kube.namespace, "g")
    kube.wait_condition("g", "Accepted", "False")
    version = int(kube.graph("g")["metadata"]["resourceVersion"])
    answers: list[int] = []
    for shards, only_at in (("a=1", version), ("a=2", version), ("a=3", None)):
        writer.write_status(key, bench.owner, {"shards": [shards]}, answers.append, only_at)
        await bench.queue.idle()
        expected = "a=3" if only_at is None else "a=1"
        assert kube.graph("g")["status"]["shards"] == [expected]
    assert len(answers) == 2
    assert answers[0] > version
