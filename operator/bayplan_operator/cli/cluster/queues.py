"""Reading queues, and the graphs of them that may be listed."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from bayplan_operator.cli.cluster import lists
from bayplan_operator.cli.cluster.graphs import NotThere, Reader
from bayplan_operator.kube import errors, paths
from bayplan_operator.kube.api_server import ApiServer

_Objects = Sequence[Mapping[str, Any]]


async def queues(server: ApiServer) -> _Objects:
    """All of them, by name. Raises `ApiError`."""
    try:
        found = await lists.kind(server, paths.QUEUES)
    except errors.NotFound:
        raise NotThere("the cluster knows no Queues: install Bayplan's chart or apply crds/ first") from None
    return sorted(found, key=lambda each: each["metadata"]["name"])


def named(name: str, found: _Objects) -> Mapping[str, Any]:
    """That of a name. Raises `NotThere`."""
    known = {each["metadata"]["name"]: each for each in found}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        advice = f'did you mean "{near[0]}"?' if near else "`bayplan queues` lists the queues"
        raise NotThere(f'there is no Queue "{name}": {advice}')
    return known[name]


async def graphs(server: ApiServer, namespace: str | None, own: str) -> tuple[_Objects, str | None]:
    """The graphs of a namespace, or of all of them. Where these may not be listed: of the namespace `own`. Also which one it
    was; `None`: all. Raises `ApiError`."""
    reader = Reader(server)
    if namespace is None:
        try:
            return await reader.graphs(None), None
        except errors.Forbidden:
            namespace = own
    return await reader.graphs(namespace), namespace
