"""The operator on the API server in memory: all of it but kopf, the Lease's thread, and Prometheus."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import msgspec

from bayplan_operator.clock import Clock
from bayplan_operator.conductor import View
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.deciding import Machine, decide, reflectors, view
from bayplan_operator.kube import paths, wire
from bayplan_operator.kube.api_server import ApiServer as Connected
from bayplan_operator.kube.errors import ApiError, Unreachable
from bayplan_operator.settings import Settings
from bayplan_operator.view.inbox import Inbox
from bayplan_operator.view.prometheus import PollResult
from tests.tick.api.connection import CONFIGURATION, Connection, Connector, Request
from tests.tick.api.server import ApiServer
from tests.tick.loop import VirtualLoop, family

_AGAIN = 0.1
"""Seconds until a watch of our kinds that broke is begun again."""


class Operator:
    """A process that can be started, and killed at any instant: what it knew and what it had not sent yet is lost."""

    def __init__(self, loop: VirtualLoop, server: ApiServer, settings: Settings, seed: int = 0) -> None:
        self.settings = settings
        self.leading = True
        """Whether it may decide: a test takes this away as the loss of the Lease would."""
        self.term = 0
        self.late: list[Request] = []
        """Writes that it began without the Lease."""
        self.under_way: list[tuple[Connection, Request]] | None = None
        """Creations that have been sent and have not arrived: a test that sets this delivers them."""
        self._loop, self._server = loop, server
        self._jitter = random.Random(seed)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._connector: Connector | None = None
        self._main: asyncio.Task[None] | None = None
        self._load: Load | None = None
        self._news: asyncio.Event | None = None
        self.view: View | None = None
        """What it sees; none: it does not run."""

    @property
    def alive(self) -> bool:
        """It runs."""
        return self._main is not None and not self._main.done()

    def start(self, load: Load | None = None) -> None:
        """Begin; `load` as it is made where a Prometheus is configured."""
        if self.alive:
            raise RuntimeError("it runs already")
        self._load = load or Load()
        self.term += 1
        before = family.set(self._tasks)
        try:
            self._main = self._loop.create_task(self._run(self._load), name="operator")
        finally:
            family.reset(before)

    def kill(self) -> None:
        """End it now, with no chance to do anything more."""
        if self._connector is not None:
            self._connector.cut()
        while self._tasks:
            tasks = list(self._tasks)
            for each in tasks:
                each.cancel()
            self._loop.run_until_complete(asyncio.wait(tasks))
            for each in tasks:
                if not each.cancelled() and each.exception() is not None:
                    raise AssertionError("it had ended before, by an error") from each.exception()
        self.view = None

    def restart(self, load: Load | None = None) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start(load)

    def measured(self, outcome: PollResult) -> None:
        """A poll of Prometheus has ended so."""
        if self._load is None or self._news is None:
            raise RuntimeError("it does not run")
        self._load.put(outcome)
        self._news.set()

    async def _run(self, load: Load) -> None:
        self._news = news = asyncio.Event()
        machine = Machine(Clock(self._loop.clock, self._loop.time), self._jitter)
        self.view = seen = view(news, load, machine)
        async with Connected(CONFIGURATION, connector=self._connect, may_write=lambda: self.leading) as server:
            watches = reflectors(server, seen, news)
            tasks = [asyncio.create_task(each.run()) for each in watches]
            inboxes = {
                paths.TASK_GRAPHS: seen.inboxes.graphs,
                paths.PLACEMENT_POLICIES: seen.inboxes.policies,
                paths.QUEUES: seen.inboxes.queues,
                paths.TASK_PROFILES: seen.inboxes.profiles,
            }
            tasks += [asyncio.create_task(_feed(server, path, inbox)) for path, inbox in inboxes.items()]
            for each in watches:
                await each.synced.wait()
            await decide(self.settings, server, seen, news, self, machine)
            for task in tasks:
                task.cancel()

    def _connect(self) -> Connector:
        self._connector = Connector(self._send)
        return self._connector

    def _send(self, connection: Connection, request: Request) -> None:
        if request.method != "GET" and not self.leading:
            self.late.append(request)
        creation = request.method == "POST" and request.path.endswith("/pods") and "dryRun" not in request.query
        if self.under_way is not None and creation:
            self.under_way.append((connection, request))
        else:
            self._server.serve(connection, request)

    def deliver(self) -> None:
        """What was under way arrives."""
        arriving, self.under_way = self.under_way or [], None
        for connection, request in arriving:
            self._server.serve(connection, request)


class _Head(msgspec.Struct):
    metadata: wire.ListMetadata
    items: list[dict[str, Any]]


async def _feed(server: Connected, path: str, inbox: Inbox) -> None:
    """As kopf and our handlers do: list, then watch; what was deleted while no watch was open is not told."""
    while True:
        try:
            listed = msgspec.json.decode(await server.call("GET", path), type=_Head)
            for item in listed.items:
                inbox.put(item)
            version = listed.metadata.resource_version
            while True:
                params = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "290"}
                async for lines in server.stream(path, params, 330.0):
                    for line in lines.split(b"\n"):
                        version = _put(inbox, msgspec.json.decode(line)) or version
        except ApiError:
            await asyncio.sleep(_AGAIN)


def _put(inbox: Inbox, event: dict[str, Any]) -> str:
    """Answers the version that is known now. Raises `Unreachable` where the watch is too old."""
    if event["type"] == "ERROR":
        raise Unreachable(event["object"]["message"])
    (inbox.drop if event["type"] == "DELETED" else inbox.put)(event["object"])
    version: str = event["object"]["metadata"]["resourceVersion"]
    return version
