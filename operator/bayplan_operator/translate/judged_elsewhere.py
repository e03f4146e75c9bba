"""What a pod spec asks that only kube-scheduler can judge."""

from collections.abc import Mapping
from typing import Any

# Volumes that are there, or can be made, on whichever node the pod goes to.
_ANYWHERE = frozenset({"name", "configMap", "secret", "downwardAPI", "projected", "emptyDir", "hostPath", "image", "nfs"})


def claims_volumes(spec: Mapping[str, Any]) -> bool:
    """It has volumes that must be bound or attached where the pod goes."""
    return any(set(volume) - _ANYWHERE for volume in spec.get("volumes") or [])


def claims_devices(spec: Mapping[str, Any]) -> bool:
    """It has claims of dynamic resource allocation."""
    return bool(spec.get("resourceClaims"))


def judged_elsewhere(spec: Mapping[str, Any]) -> bool:
    """Whether kube-scheduler may refuse a node for more than what the library looks at."""
    return claims_volumes(spec) or claims_devices(spec)
