"""The operator's process: everything that runs in it, started and stopped in order."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

import kopf
from kubernetes import client
from prometheus_client import start_http_server

from bayplan.warm.estimates import warm_up as warm_up_estimates
from bayplan.warm.presets import warm_up
from bayplan_operator.conductor import View
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.deciding import Machine, decide, reflectors, view
from bayplan_operator.kube import configuration as kube_configuration
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.reflector import Reflector
from bayplan_operator.leader import Leader
from bayplan_operator.settings import LEASE_LOST, Settings
from bayplan_operator.view import handlers

try:
    import uvloop
except ImportError:  # it belongs to the extra `fast`
    uvloop = None

log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Run the operator until it is told to stop; answers the exit code. Raises ``QueriesError``."""
    load = Load(settings.prometheus)
    configuration = kube_configuration.load(settings.kubeconfig)
    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    machine = Machine()
    leader = Leader(settings, configuration, machine.clock)
    leader.start()
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            return runner.run(_run(settings, configuration, leader, load, machine))
    finally:
        leader.stop()


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed: TLS and sockets are most of what a loop does here, and its are compiled."""
    if uvloop is None:
        return asyncio.new_event_loop()
    return cast(asyncio.AbstractEventLoop, uvloop.new_event_loop())


async def _run(settings: Settings, configuration: client.Configuration, leader: Leader, load: Load, machine: Machine) -> int:
    stop, kopf_ready = asyncio.Event(), asyncio.Event()
    news = asyncio.Event()
    seen = view(news, load, machine)
    async with ApiServer(configuration, connections=settings.writes + 24, may_write=lambda: leader.leading) as server:
        watches = reflectors(server, seen, news)
        watchers = {
            *(asyncio.create_task(each.run(), name="watch") for each in watches),
            asyncio.create_task(_kopf(settings, configuration, seen, (kopf_ready, stop)), name="kopf"),
            asyncio.create_task(_listen(kopf_ready, stop), name="signals"),
        }
        decisions = partial(decide, settings, server, seen, news, leader, machine)
        work = asyncio.create_task(_lead(leader, watches, decisions), name="conductor")
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
    registry, kopf_settings = handlers.registry(configuration, view.inboxes)
    await kopf.operator(
        registry=registry,
        settings=kopf_settings,
        standalone=True,
        clusterwide=True,
        ready_flag=ready,
        stop_flag=stop,
        liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz" if settings.health_port else None,
    )


async def _lead(leader: Leader, watches: tuple[Reflector, ...], decisions: Callable[[], Awaitable[None]]) -> None:
    """Wait for the Lease and for complete lists; then decide until the Lease is lost."""
    warm = asyncio.create_task(_warm_up())
    while not leader.leading:  # noqa: ASYNC110 - the Lease lives in a thread, which knows no event of this loop
        await asyncio.sleep(0.1)
    for each in watches:
        await each.synced.wait()
    await warm
    await decisions()


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
