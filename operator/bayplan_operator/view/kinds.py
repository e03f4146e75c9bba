"""Listing the kinds: at the start, and now and then to find deletions that kopf's watch did not deliver."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from bayplan_operator.backoff import Backoff
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.kube.wire import ListMetadata
from bayplan_operator.view.inbox import Inbox

log = logging.getLogger(__name__)

_PAGE = "100"
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0


class _Page(msgspec.Struct):
    metadata: ListMetadata
    items: list[dict[str, Any]]


class Inboxes:
    """One for each of our kinds."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.graphs, self.policies, self.profiles = Inbox(on_change), Inbox(on_change), Inbox(on_change)
        self.queues = Inbox(on_change)


async def list_kinds(server: ApiServer, inboxes: Inboxes) -> None:
    """Bring all inboxes up to date. Tries again, with back-off, until it works: nothing may be decided before."""
    backoff = Backoff("list kinds", _FIRST_WAIT, _LONGEST_WAIT)
    while True:
        try:
            await _list(server, paths.PLACEMENT_POLICIES, inboxes.policies)
            await _list(server, paths.QUEUES, inboxes.queues)
            await _list(server, paths.TASK_PROFILES, inboxes.profiles)
            await _list(server, paths.TASK_GRAPHS, inboxes.graphs)
            return
        except errors.ApiError as error:
            log.warning("the kinds could not be listed: %s; trying again in %.1f s", error, backoff.wait)
            await asyncio.sleep(backoff.failed())


async def _list(server: ApiServer, path: str, inbox: Inbox) -> None:
    items: list[dict[str, Any]] = []
    params = {"limit": _PAGE}
    while True:
        page = msgspec.json.decode(await server.call("GET", path, params=params), type=_Page)
        items += page.items
        if not page.metadata.continue_:
            break
        params["continue"] = page.metadata.continue_
    inbox.replace(items, int(page.metadata.resource_version))
