"""Writing task profiles: making, updating and deleting them."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bayplan_operator import metrics, names
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import MERGE_PATCH, ApiServer
from bayplan_operator.writer.queue import WriteQueue

Key = tuple[str, str]
Written = Callable[[str, int], None]
"""Told the UID and the resource version that came of a write; an empty UID: profile or namespace are gone."""


class _Metadata(msgspec.Struct, rename="camel"):
    uid: str
    resource_version: str


class _Head(msgspec.Struct):
    metadata: _Metadata


class ProfileWriter:
    """Writes TaskProfiles, each at most once at a time."""

    def __init__(self, server: ApiServer, queue: WriteQueue) -> None:
        self._server = server
        self._queue = queue
        self._head = msgspec.json.Decoder(_Head)

    def busy(self, key: Key) -> bool:
        """A write of this profile is under way, or failed a moment ago."""
        return self._queue.busy(("profile", *key))

    def write(self, key: Key, uid: str, spec: Mapping[str, Any], status: Mapping[str, Any], on_written: Written) -> None:
        """Replace the given fields of the status; without a UID, the profile is made first, unless it is there."""
        self._queue.submit(("profile", *key), "write profile", self._write(key, uid, spec, status, on_written))

    def delete(self, key: Key, uid: str) -> None:
        """Delete a profile that is not wanted any more."""
        self._queue.submit(("profile", *key), "delete profile", self._delete(key, uid))

    async def _write(self, key: Key, uid: str, spec: Mapping[str, Any], status: Mapping[str, Any], on_written: Written) -> None:
        path = paths.task_profile(*key) + "/status"
        try:
            uid = uid or await self._make(key, spec)
            body = msgspec.json.encode({"metadata": {"uid": uid}, "status": status})
            answer = await self._queue.request(
                "write profile", lambda: self._server.call("PATCH", path, body, content_type=MERGE_PATCH)
            )
        except errors.NotFound:
            on_written("", 0)
            return
        except errors.Conflict:
            return  # another client has made it again: the watch tells
        metrics.PROFILE_BYTES.inc(len(body))
        on_written(uid, int(self._head.decode(answer).metadata.resource_version))

    async def _make(self, key: Key, spec: Mapping[str, Any]) -> str:
        """Make it; answers its UID."""
        namespace, name = key
        made = {
            "apiVersion": names.API_VERSION, "kind": names.TASK_PROFILE,
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        }  # fmt: skip
        body = msgspec.json.encode(made)
        try:
            answer = await self._queue.request(
                "make profile", lambda: self._server.call("POST", paths.task_profiles(namespace), body)
            )
        except errors.AlreadyExists:
            path = paths.task_profile(*key)
            answer = await self._queue.request("get profile", lambda: self._server.call("GET", path))
        return self._head.decode(answer).metadata.uid

    async def _delete(self, key: Key, uid: str) -> None:
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}}
        body = msgspec.json.encode(options)
        try:
            await self._queue.request("delete profile", lambda: self._server.call("DELETE", paths.task_profile(*key), body))
        except (errors.NotFound, errors.Conflict):
            return  # gone already
