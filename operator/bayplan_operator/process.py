"""The operator's process: everything that runs in it, started and stopped in order."""

import asyncio
import gc
import logging
import random
import signal
import time

import kopf
from kubernetes import client
from prometheus_client import start_http_server

from bayplan.cluster import Cluster
from bayplan.estimates.warm_up import warm_up as warm_up_estimates
from bayplan.warm_up import warm_up
from bayplan_operator import handlers
from bayplan_operator.cluster_view import NodeStore, PodStore
from bayplan_operator.conductor import Conductor, View, Writers, conduct
from bayplan_operator.conductor.load import Load
from bayplan_operator.conductor.measuring import measured
from bayplan_operator.inbox import Inbox
from bayplan_operator.kinds import list_kinds
from bayplan_operator.kube import configuration as kube_configuration
from bayplan_operator.kube import paths, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.reflector import Reflector
from bayplan_operator.leader import Leader
from bayplan_operator.node_record import remembered
from bayplan_operator.settings import Settings
from bayplan_operator.writer import EventWriter, GraphWriter, NodeRecordWriter, PodWriter, ProfileWriter, WriteQueue

log = logging.getLogger(__name__)

LEASE_LOST = 3
"""Exit code of a process that lost its Lease; whoever runs it starts it again."""


def run(settings: Settings) -> int:
    """Run the operator until it is told to stop; answers the exit code. Raises ``QueriesError``."""
    load = Load(settings.prometheus)
    configuration = kube_configuration.load(settings.kubeconfig)
    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    leader = Leader(settings, configuration)
    leader.start()
    try:
        return asyncio.run(_run(settings, configuration, leader, load))
    finally:
        leader.stop()


async def _run(settings: Settings, configuration: client.Configuration, leader: Leader, load: Load) -> int:
    stop, kopf_ready = asyncio.Event(), asyncio.Event()
    news = asyncio.Event()
    view = _view(news, load)
    async with ApiServer(configuration, connections=settings.writes + 16) as server:
        pods = Reflector(server, paths.PODS, wire.Pod, view.pods)
        nodes = Reflector(server, paths.NODES, wire.Node, view.nodes)
        watchers = {
            asyncio.create_task(pods.run(), name="pods"),
            asyncio.create_task(nodes.run(), name="nodes"),
            asyncio.create_task(_kopf(settings, configuration, view, (kopf_ready, stop)), name="kopf"),
            asyncio.create_task(_listen(kopf_ready, stop), name="signals"),
        }
        work = asyncio.create_task(_decide(settings, server, view, news, leader, (pods, nodes)), name="conductor")
        stopped = asyncio.create_task(stop.wait(), name="stop")
        done, _ = await asyncio.wait({work, stopped, *watchers}, return_when=asyncio.FIRST_COMPLETED)
        lost = work in done and work.exception() is None
        if lost:
            log.error("the Lease is lost (to another operator, or it could not be renewed in time): stopping")
        stop.set()
        for task in {work, stopped, *watchers} - done:
            if task.get_name() != "kopf":
                task.cancel()
        await asyncio.wait({work, stopped, *watchers}, timeout=5)
        leader.stop()  # now, since threads that still work on something are waited for before this returns
        for task in done - {stopped}:
            task.result()  # what ended by itself ended by an error, which belongs in the log and the exit code
    return LEASE_LOST if lost else 0


def _view(news: asyncio.Event, load: Load) -> View:
    cluster = Cluster()
    return View(
        graphs=Inbox(news.set),
        policies=Inbox(news.set),
        profiles=Inbox(news.set),
        pods=PodStore(cluster, time.time, news.set),
        nodes=NodeStore(cluster, news.set),
        cluster=cluster,
        load=load,
    )


async def _listen(kopf_ready: asyncio.Event, stop: asyncio.Event) -> None:
    """Stop at once on SIGTERM or SIGINT.

    kopf puts in handlers of its own when it starts, and takes seconds to end; no pod may be created in these. So ours
    take their place once it has started; until then nothing is decided, and its own do.
    """
    await kopf_ready.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def _kopf(
    settings: Settings, configuration: client.Configuration, view: View, flags: tuple[asyncio.Event, asyncio.Event]
) -> None:
    ready, stop = flags
    registry, kopf_settings = handlers.registry(configuration, view.graphs, view.policies, view.profiles)
    await kopf.operator(
        registry=registry,
        settings=kopf_settings,
        standalone=True,
        clusterwide=True,
        ready_flag=ready,
        stop_flag=stop,
        liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz" if settings.health_port else None,
    )


async def _decide(
    settings: Settings,
    server: ApiServer,
    view: View,
    news: asyncio.Event,
    leader: Leader,
    reflectors: tuple[Reflector, Reflector],
) -> None:
    """Wait for the Lease and for complete lists; then conduct until the Lease is lost."""
    warm = asyncio.create_task(_warm_up())
    while not leader.leading:  # noqa: ASYNC110 - the Lease lives in a thread, which knows no event of this loop
        await asyncio.sleep(0.1)
    for reflector in reflectors:
        await reflector.synced.wait()
    await warm
    await list_kinds(server, view.graphs, view.policies, view.profiles)
    view.node_states.update(await remembered(server, settings.lease_namespace))
    log.info("leading, with complete lists: deciding from now on")
    jitter = random.Random()
    creations = WriteQueue(settings.writes, jitter, news.set)
    endings = WriteQueue(max(1, settings.writes // 3), jitter, news.set)
    events = WriteQueue(max(1, settings.writes // 6), jitter, _nobody)  # nothing follows from an event
    writers = Writers(
        pods=PodWriter(server, view.pods, creations, endings),
        graphs=GraphWriter(server, endings),
        events=EventWriter(server, events, settings.identity),
        profiles=ProfileWriter(server, endings),
        nodes=NodeRecordWriter(server, endings, settings.lease_namespace),
    )
    conductor = Conductor(view, writers, settings, time.time, news.set)
    relists = asyncio.create_task(_relist(settings, server, view, conductor))
    try:
        async with measured(settings.prometheus, view.load, view.nodes, news.set):
            await conduct(conductor, news, lambda: leader.leading, time.time, settings)
    finally:
        relists.cancel()


def _nobody() -> None:
    """Is to be woken."""


async def _warm_up() -> None:
    """Have the library's kernels compiled, or loaded, before a tick would have to wait for that."""
    try:
        await asyncio.to_thread(warm_up)
        await asyncio.to_thread(warm_up_estimates)
    except Exception:
        log.exception("the library could not be warmed up: the first decisions will take longer")
    # The compiler's objects stay for ever: looking through them for garbage would hold up everything for 100 ms at a time.
    gc.collect()
    gc.freeze()


async def _relist(settings: Settings, server: ApiServer, view: View, conductor: Conductor) -> None:
    while True:
        await asyncio.sleep(settings.relist_kinds)
        await list_kinds(server, view.graphs, view.policies, view.profiles)
        conductor.kinds_listed()
