"""Versions of what runs in the cluster."""

import msgspec

from bayplan_operator.kube import errors, paths, wire
from bayplan_operator.kube.api_server import ApiServer
from bayplan_operator.views.model.versions import OperatorVersion, Versions

_OPERATORS = "app.kubernetes.io/name=bayplan,app.kubernetes.io/component=operator"
"""The labels that the chart gives its Deployment."""
_VERSION = "app.kubernetes.io/version"


class _Container(msgspec.Struct):
    image: str = ""


class _PodSpec(msgspec.Struct):
    containers: list[_Container] = []


class _Template(msgspec.Struct):
    spec: _PodSpec


class _DeploymentSpec(msgspec.Struct):
    template: _Template


class _Deployment(msgspec.Struct):
    metadata: wire.Metadata
    spec: _DeploymentSpec


class _Deployments(msgspec.Struct):
    items: list[_Deployment]


class _Kubernetes(msgspec.Struct, rename="camel"):
    git_version: str


async def versions(server: ApiServer, client: str) -> Versions:
    """Of everything; `client`: of this program. Without the right to list Deployments, that is said. Raises `ApiError`."""
    kubernetes = msgspec.json.decode(await server.call("GET", paths.VERSION), type=_Kubernetes).git_version
    try:
        answer = await server.call("GET", paths.DEPLOYMENTS, params={"labelSelector": _OPERATORS})
    except errors.Forbidden as error:
        if error.status == errors.UNAUTHORIZED:
            raise
        return Versions(client, kubernetes, problem=str(error))
    found = tuple(_operator(each) for each in msgspec.json.decode(answer, type=_Deployments).items)
    return Versions(client, kubernetes, found)


def _operator(found: _Deployment) -> OperatorVersion:
    images = [each.image for each in found.spec.template.spec.containers]
    labels = found.metadata.labels
    return OperatorVersion(found.metadata.namespace, found.metadata.name, labels.get(_VERSION, ""), images[0] if images else "")
