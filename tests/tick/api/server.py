"""From requests to the store and back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from bayplan_operator.kube.api_server import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from tests.tick.api.connection import Connection, Request
from tests.tick.api.kinds import POD, Where, where
from tests.tick.api.patches import PatchError, edited, merged, merged_by_type
from tests.tick.api.refusal import Refusal
from tests.tick.api.store import Object, Store
from tests.tick.api.strict import unknown_fields
from tests.tick.api.trouble import Loss, Trouble
from tests.tick.api.watches import Watches


class ApiServer:
    """Serves connections. Requests take `latency` seconds, half of it on the way there."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self.store = store
        self.watches = Watches(store, loop)
        self.trouble = Trouble()
        self.latency = 0.0
        self.requests: Counter[str] = Counter()
        """Those that were done, by method and plural; dry runs for themselves."""
        self.admission: list[Callable[[Object], Object]] = []
        """What is made of each new pod before it is stored, one after the other; each may raise `Refusal`."""
        self._loop = loop
        self._held: list[tuple[Connection, Request]] | None = None

    def serve(self, connection: Connection, request: Request) -> None:
        """A request has been sent."""
        if self._held is not None:
            self._held.append((connection, request))
            return
        what = self.trouble.of(request.method, request.path + ("?dryRun" if request.query.get("dryRun") else ""))
        if what is Loss.REQUEST:
            connection.close()
        elif what is not Loss.TIME:
            self._loop.call_later(self.latency / 2, self._answer, connection, request, what)

    def hold(self) -> None:
        """Stop answering; what comes meanwhile is done at `resume`."""
        self._held = []

    def resume(self) -> None:
        """Answer again."""
        held, self._held = self._held or [], None
        for connection, request in held:
            if not connection.is_closing():  # else its client has given up
                self.serve(connection, request)

    def _answer(self, connection: Connection, request: Request, what: Refusal | Loss | None) -> None:
        try:
            if isinstance(what, Refusal):
                raise what
            found = where(request.path)
            if found is None:
                raise Refusal(404, "NotFound", "the server could not find the requested resource")
            if request.query.get("watch"):
                self.watches.open(connection, found, request.query)
                return
            dry = " dry" if request.query.get("dryRun") else ""
            self.requests[f"{request.method} {found.kind.plural}{dry}"] += 1
            status, answer = 200, self._do(found, request)
            if request.method == "POST":
                status = 201
        except Refusal as refusal:
            body, headers = msgspec.json.encode(refusal.as_status()), []
            if refusal.retry_after is not None:
                headers.append(("Retry-After", refusal.retry_after))
            self._loop.call_later(self.latency / 2, connection.answer, refusal.status, body, headers)
            return
        if what is Loss.ANSWER:
            connection.close()
        else:
            self._loop.call_later(self.latency / 2, connection.answer, status, msgspec.json.encode(answer))

    def _do(self, found: Where, request: Request) -> Object:
        if request.method == "GET":
            return self.store.get(found.kind, found.namespace, found.name) if found.name else self._list(found, request)
        body = msgspec.json.decode(request.body)
        if request.method == "POST":
            made = self._admitted(found, request, body)
            return made if request.query.get("dryRun") else self.store.create(found.kind, found.namespace, made)
        if request.method == "DELETE":
            return self.store.delete(
                found.kind, found.namespace, found.name,
                only_if=body.get("preconditions"), grace=body.get("gracePeriodSeconds"),
                propagation=body.get("propagationPolicy", "Background"),
            )  # fmt: skip
        if request.method == "PATCH":
            return self._patch(found, request.content_type, body)
        raise Refusal(405, "MethodNotAllowed", f"{request.method} is a method that is not played here")

    def _admitted(self, found: Where, request: Request, given: Object) -> Object:
        """What is stored of a new object, if it is. Raises `Refusal`."""
        if found.kind != POD:
            return given
        wrong = unknown_fields(given) if request.query.get("fieldValidation") == "Strict" else []
        if wrong:
            told = ", ".join(f'unknown field "{each}"' for each in wrong)
            message = f'Pod in version "v1" cannot be handled as a Pod: strict decoding error: {told}'
            raise Refusal(400, "BadRequest", message)
        for each in self.admission:
            given = each(given)
        return given

    def _patch(self, found: Where, content_type: str, body: Any) -> Object:
        known = {MERGE_PATCH: merged, JSON_PATCH: edited, STRATEGIC_PATCH: merged_by_type}
        apply = known.get(content_type)
        if apply is None:
            raise Refusal(415, "UnsupportedMediaType", f"{content_type} is a patch that is not played here")
        try:
            return self.store.change(
                found.kind, found.namespace, found.name, lambda before: apply(before, body), found.subresource
            )
        except PatchError as error:
            raise Refusal(422, "Invalid", f"the server rejected our request due to an error in our request: {error}") from None

    def _list(self, found: Where, request: Request) -> Object:
        items = self.store.all(found.kind, found.namespace)
        begin, limit = int(request.query.get("continue", "0")), int(request.query.get("limit", "0")) or len(items)
        metadata: dict[str, str] = {"resourceVersion": str(self.store.version)}
        if begin + limit < len(items):
            metadata["continue"] = str(begin + limit)
        kind = f"{found.kind.name}List"
        return {"kind": kind, "apiVersion": found.kind.group, "metadata": metadata, "items": items[begin : begin + limit]}
