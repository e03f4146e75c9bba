"""What decides: everything between the API server and the ticks, but for the Lease and kopf."""

import asyncio
import logging
import random
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, cast

from bayplan.cluster.cluster import Cluster
from bayplan_operator import names
from bayplan_operator.clock import MACHINE, Clock
from bayplan_operator.conductor import Conductor, View, Writers, conduct, conductor
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.conductor.measuring import measured
from bayplan_operator.conductor.templates.questions import AT_ONCE
from bayplan_operator.kube import paths, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.reflector import Reflector
from bayplan_operator.settings import Settings
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.view import NamespaceStore, NodeStore, PodStore
from bayplan_operator.view.kinds import Inboxes, list_kinds
from bayplan_operator.writer import (
    DryRunWriter,
    EventWriter,
    GraphWriter,
    NodeRecordWriter,
    PodWriter,
    ProfileWriter,
    ServiceWriter,
    WriteQueue,
)
from bayplan_operator.writer.node_record import remembered

log = logging.getLogger(__name__)


class Lease(Protocol):
    """Says whether this process may decide and write."""

    @property
    def leading(self) -> bool:
        """It may, now."""
        ...

    @property
    def term(self) -> int:
        """How often the Lease had changed hands when this process got it."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """What the operator takes from the machine that it runs on."""

    clock: Clock = MACHINE
    jitter: random.Random = field(default_factory=random.Random)
    """Spreads tries over time; no decision depends on it."""


def reflectors(server: ApiServer, view: View, news: asyncio.Event) -> tuple[Reflector, ...]:
    """What keeps the view equal to the pods, the nodes and the namespaces. They run until they are cancelled."""
    namespaces = NamespaceStore(view.cluster, news.set)
    return (
        Reflector(server, paths.PODS, wire.Pod, view.pods, view.pods.foreign),
        Reflector(server, paths.NODES, wire.Node, view.nodes),
        Reflector(server, paths.NAMESPACES, wire.NamespaceObject, namespaces),
    )


def view(news: asyncio.Event, load: Load, machine: Machine) -> View:
    """What is seen, empty as yet; whatever changes in it sets `news`."""
    cluster = Cluster()
    return View(
        inboxes=Inboxes(news.set),
        pods=PodStore(cluster, machine.clock.now, news.set),
        nodes=NodeStore(cluster, news.set),
        cluster=cluster,
        load=load,
    )


async def decide(
    settings: Settings,
    server: ApiServer,
    view: View,
    news: asyncio.Event,
    lease: Lease,
    machine: Machine,
) -> None:
    """Conduct for as long as the Lease is held. All ``reflectors`` must have listed in full."""
    await list_kinds(server, view.inboxes)
    view.node_states.update(await remembered(server, settings.lease_namespace))
    log.info("leading, with complete lists: deciding from now on")
    queues = _queues(settings, view, news, machine)
    writers = _writers(settings, server, view, queues, lease)
    decider = conductor(view, writers, settings, machine.clock, news.set)
    relists = asyncio.create_task(_relist(settings, server, view, decider))
    try:
        async with measured(settings.prometheus, view, machine.clock, news.set):
            await conduct(decider, news, lambda: lease.leading, machine.clock.now, settings)
    finally:
        relists.cancel()
        for queue in queues:
            queue.cancel()


class _Queues(NamedTuple):
    creations: WriteQueue
    endings: WriteQueue
    """Whatever is decided beside creations."""
    events: WriteQueue
    dry_runs: WriteQueue


def _queues(settings: Settings, view: View, news: asyncio.Event, machine: Machine) -> _Queues:
    def wake(_: Hashable) -> None:
        news.set()

    def ended(key: Hashable) -> None:
        view.pods.touch(cast(PodKey, key))  # keys of other objects are no pod's
        view.written.add(key)
        news.set()

    creations = WriteQueue(settings.writes, machine.jitter, wake)
    endings = WriteQueue(max(1, settings.writes // 3), machine.jitter, ended)
    events = WriteQueue(max(1, settings.writes // 6), machine.jitter, _no_wake)  # nothing follows from an event
    dry_runs = WriteQueue(AT_ONCE, machine.jitter, wake)
    return _Queues(creations, endings, events, dry_runs)


def _writers(settings: Settings, server: ApiServer, view: View, queues: _Queues, lease: Lease) -> Writers:
    endings = queues.endings

    def reread(raw: Mapping[str, Any]) -> None:
        inboxes = {names.PLACEMENT_POLICY: view.inboxes.policies, names.QUEUE: view.inboxes.queues}
        inboxes.get(raw["kind"], view.inboxes.graphs).put(raw)

    return Writers(
        pods=PodWriter(server, view.pods, queues.creations, endings, lambda: lease.term),
        graphs=GraphWriter(server, endings, reread),
        events=EventWriter(server, queues.events, settings.identity),
        profiles=ProfileWriter(server, endings),
        services=ServiceWriter(server, endings),
        nodes=NodeRecordWriter(server, endings, settings.lease_namespace),
        dry_runs=DryRunWriter(server, queues.dry_runs),
    )


def _no_wake(_: Hashable) -> None:
    """No tick is due."""


async def _relist(settings: Settings, server: ApiServer, view: View, decider: Conductor) -> None:
    while True:
        await asyncio.sleep(settings.relist_kinds)
        await list_kinds(server, view.inboxes)
        decider.kinds_listed()
