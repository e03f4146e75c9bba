"""Asking the API server what it would make of a pod."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bayplan_operator import names
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.writer.queue import WriteQueue

_DRY = {"dryRun": "All", "fieldValidation": "Strict", "fieldManager": names.FIELD_MANAGER}
Key = tuple[str, str]
"""A namespace, and what is asked about there."""


class DryRunWriter:
    """Sends pods that are not to be stored. Each question is one request: the caller decides whether to ask again."""

    def __init__(self, server: ApiServer, queue: WriteQueue) -> None:
        self._server, self._queue = server, queue

    def busy(self, key: Key) -> bool:
        """The question is under way."""
        return self._queue.busy(("dry run", *key))

    def ask(
        self,
        key: Key,
        manifest: Mapping[str, Any],
        on_answer: Callable[[bytes], None],
        on_refusal: Callable[[errors.ApiError], None],
    ) -> None:
        """``on_answer`` gets the pod as it would have been stored."""
        self._queue.submit(("dry run", *key), "dry run", self._ask(key[0], manifest, on_answer, on_refusal))

    async def _ask(
        self,
        namespace: str,
        manifest: Mapping[str, Any],
        on_answer: Callable[[bytes], None],
        on_refusal: Callable[[errors.ApiError], None],
    ) -> None:
        try:
            answer = await self._server.call("POST", paths.pods(namespace), msgspec.json.encode(manifest), _DRY)
        except errors.ApiError as error:
            on_refusal(error)
        else:
            on_answer(answer)
