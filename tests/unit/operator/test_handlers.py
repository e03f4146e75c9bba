"""kopf's handlers: what they take in belongs to the event loop's thread."""

from __future__ import annotations

import threading
from typing import Any

import kopf
from kopf._core.actions.invocation import invoke
from kubernetes import client

from bayplan_operator.view.handlers import registry
from bayplan_operator.view.inbox import Inbox
from bayplan_operator.view.kinds import Inboxes


async def test_the_inboxes_are_fed_in_the_thread_of_the_loop() -> None:
    fed: list[tuple[str, threading.Thread]] = []
    inboxes = Inboxes(lambda: None)
    for name in ("graphs", "policies", "queues", "profiles"):
        setattr(inboxes, name, Inbox(lambda name=name: fed.append((name, threading.current_thread()))))  # type: ignore[misc]
    handlers, settings = registry(client.Configuration(), inboxes)
    raw = {"metadata": {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7"}}
    for handler in handlers._watching._handlers:
        await invoke(handler.fn, settings=settings, kwargs={"event": {"type": "ADDED", "object": raw}})
    assert fed == [(name, threading.current_thread()) for name in ("graphs", "policies", "queues", "profiles")]


def test_kopf_compares_nothing() -> None:
    _, settings = registry(client.Configuration(), Inboxes(lambda: None))
    body: Any = kopf.Body({"metadata": {"name": "a"}, "spec": {"x": 1}, "status": {"y": 2}})
    built = settings.persistence.diffbase_storage.build(body=body, extra_fields=None)
    assert built == {}
    assert settings.persistence.diffbase_storage.fetch(body=body) is None
    assert settings.persistence.progress_storage.clear(essence=built) is built
