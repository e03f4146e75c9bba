"""The Service by which the pods of a gang find each other."""

from typing import Any

from bayplan_operator import names
from bayplan_operator.translate.pod import GraphRef


def service_manifest(graph: GraphRef, gang: str, port: int) -> dict[str, Any]:
    """It has no address of its own: its names lead to pods. They do so before pods are ready, since a pod may become ready only
    after it has found the others."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": names.gang_service(graph.name, graph.uid, gang),
            "namespace": graph.namespace,
            "labels": {"app.kubernetes.io/managed-by": "bayplan", names.LABEL_GRAPH: graph.name, names.LABEL_GANG: gang},
            "ownerReferences": [
                {
                    "apiVersion": names.API_VERSION, "kind": names.TASK_GRAPH, "name": graph.name, "uid": graph.uid,
                    "controller": True, "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {names.LABEL_GRAPH_UID: graph.uid, names.LABEL_GANG: gang},
            "ports": [{"name": "rendezvous", "port": port}],
        },
    }  # fmt: skip
