"""The kinds as they were last seen. Handlers put in, the conductor takes out."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Key = tuple[str, str]
"""Namespace (empty for policies) and name."""

_REMEMBERED_DELETIONS = 10_000


class Inbox:
    """News of the objects of one kind; of what was taken out, only version and UID are kept."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._known: dict[Key, tuple[str, int]] = {}
        self._deleted: OrderedDict[str, None] = OrderedDict()
        self._news: dict[Key, Mapping[str, Any] | None] = {}

    def put(self, raw: Mapping[str, Any]) -> None:
        """An object is there; an older state than the known one is ignored."""
        key, uid, version = _identify(raw)
        if uid in self._deleted:
            return  # from a list that was under way when it was deleted
        if version <= self._known.get(key, ("", 0))[1]:
            return
        self._known[key] = (uid, version)
        self._tell(key, raw)

    def drop(self, raw: Mapping[str, Any]) -> None:
        """An object was deleted. A newer one of the same name stays."""
        key, uid, _ = _identify(raw)
        self._drop(key, uid)

    def replace(self, items: Iterable[Mapping[str, Any]], version: int) -> None:
        """All objects there were at ``version``."""
        listed = set()
        for raw in items:
            listed.add(raw["metadata"]["uid"])
            self.put(raw)
        gone = [(key, uid) for key, (uid, known) in self._known.items() if uid not in listed and known <= version]
        for key, uid in gone:
            self._drop(key, uid)

    def take(self) -> list[tuple[Key, Mapping[str, Any] | None]]:
        """The objects with news since the last call, oldest first; ``None`` for those that are gone."""
        news = sorted(self._news.items(), key=lambda item: _age(item[1]))
        self._news.clear()
        return news

    def _drop(self, key: Key, uid: str) -> None:
        self._deleted[uid] = None
        while len(self._deleted) > _REMEMBERED_DELETIONS:
            self._deleted.popitem(last=False)
        if self._known.get(key, ("", 0))[0] == uid:
            del self._known[key]
            self._tell(key, None)

    def _tell(self, key: Key, raw: Mapping[str, Any] | None) -> None:
        self._news[key] = raw
        self._on_change()


def _identify(raw: Mapping[str, Any]) -> tuple[Key, str, int]:
    metadata = raw["metadata"]
    return (metadata.get("namespace", ""), metadata["name"]), metadata["uid"], int(metadata["resourceVersion"])


def _age(raw: Mapping[str, Any] | None) -> tuple[str, int]:
    return ("", 0) if raw is None else (raw["metadata"]["creationTimestamp"], int(raw["metadata"]["resourceVersion"]))
