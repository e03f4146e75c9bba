"""Reading graphs, their pods and the nodes for `bayplan show`."""

import difflib
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from bayplan.model.workload import NodeInfo
from bayplan_operator import names
from bayplan_operator.cli.cluster import lists
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.translate.node import node_info
from bayplan_operator.translate.splitting import read_numbers
from bayplan_operator.translate.task_graph import InvalidGraph, Prepared, prepare, with_shards
from bayplan_operator.views.graphs.build import Seen


class NotThere(errors.ApiError):
    """What was asked for is not in the cluster; the message is one sentence for the user."""


class Reader:
    """Reads one API server; keeps what cannot change between two reads."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._prepared: dict[str, Prepared | None] = {}

    async def graphs(self, namespace: str | None) -> list[Mapping[str, Any]]:
        """All graphs, of one namespace or of all. Raises ``errors.ApiError``."""
        path = paths.TASK_GRAPHS
        if namespace is not None:
            path = f"/apis/{names.API_VERSION}/namespaces/{namespace}/taskgraphs"
        try:
            return await lists.kind(self._server, path)
        except errors.NotFound:
            raise NotThere("the cluster knows no TaskGraphs: install Bayplan's chart or apply crds/ first") from None

    async def graph(self, namespace: str, name: str) -> Seen:
        """One graph with its pods and the nodes. Raises ``errors.ApiError``."""
        try:
            raw = msgspec.json.decode(await self._server.call("GET", paths.task_graph(namespace, name)))
        except errors.NotFound:
            raise await self._not_found(namespace, name) from None
        uid = raw["metadata"]["uid"]
        pods = await lists.pods(self._server, paths.pods(namespace), f"{names.LABEL_GRAPH_UID}={uid}")
        return Seen(raw, self._prepare(uid, raw), pods, await self._nodes(), time.time())

    async def _nodes(self) -> dict[str, NodeInfo] | None:
        try:
            nodes = await lists.nodes(self._server, cached=True)
        except errors.Forbidden:
            return None
        return {node.metadata.name: node_info(node) for node in nodes}

    def _prepare(self, uid: str, raw: dict[str, Any]) -> Prepared | None:
        known = self._prepared.get(uid)
        if uid not in self._prepared or (known is not None and not known.decided):
            try:
                known = prepare({**raw, "status": {}})  # only the spec is of interest, and how many shards were decided
            except InvalidGraph:
                known = None  # its status says why
            else:
                known = with_shards(known, read_numbers(known.divisible, raw.get("status") or {}))
            self._prepared[uid] = known  # tasks, templates and these numbers cannot change once the graph exists
        return known

    async def _not_found(self, namespace: str, name: str) -> NotThere:
        known = [graph["metadata"]["name"] for graph in await self.graphs(namespace)]
        near = difflib.get_close_matches(name, known, n=1)
        advice = f'did you mean "{near[0]}"?' if near else "`bayplan show -A` lists the graphs of all namespaces"
        return NotThere(f'there is no TaskGraph "{name}" in the namespace "{namespace}": {advice}')
