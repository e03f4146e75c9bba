"""Strategic merge patches, as Kubernetes applies them: of `podSpecPatch` to a pod, of a template to `templateDefaults`.

Beside `api/merge.py`, which lays the layers of a TaskGraph on each other: there null says nothing, here it takes away.
Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
"""

from collections.abc import Mapping
from typing import Any

POD_KEYS = {
    "containers": "name", "initContainers": "name", "ephemeralContainers": "name", "volumes": "name", "env": "name",
    "ports": "containerPort", "volumeMounts": "mountPath", "volumeDevices": "devicePath", "hostAliases": "ip",
    "imagePullSecrets": "name", "topologySpreadConstraints": "topologyKey", "resourceClaims": "name",
}  # fmt: skip
"""Lists of a pod spec that are merged, and by which key; others are replaced."""
TEMPLATE_KEYS = {**POD_KEYS, "sidecars": "name", "tolerations": "key", "parameters": "name", "artifacts": "name"}
"""The same for Argo's templates. They merge tolerations by key."""
_DIRECTIVE = "$patch"


def merged(lower: Mapping[str, Any], patch: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """`patch` applied to `lower`; neither is changed."""
    how = patch.get(_DIRECTIVE)
    if how == "delete":
        return {}
    result = {} if how == "replace" else dict(lower)
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, Mapping) else {}, value, keys)
        elif isinstance(value, list) and name in keys and isinstance(result.get(name), list):
            result[name] = _lists(result[name], value, keys[name], keys)
        else:
            result[name] = value
    return result


def _lists(lower: list[Any], patch: list[Any], key: str, keys: Mapping[str, str]) -> list[Any]:
    """Items of the patch in the places of those with the same key, the others behind them."""
    if any(isinstance(item, Mapping) and item.get(_DIRECTIVE) == "replace" for item in patch):
        return [item for item in patch if not (isinstance(item, Mapping) and _DIRECTIVE in item)]
    result: list[Any] = list(lower)
    for item in patch:
        identity = item.get(key) if isinstance(item, Mapping) else None
        place = next(
            (
                n
                for n, each in enumerate(result)
                if identity is not None and isinstance(each, Mapping) and each.get(key) == identity
            ),
            None,
        )
        gone = isinstance(item, Mapping) and item.get(_DIRECTIVE) == "delete"
        if place is None:
            result += [] if gone else [item]
        elif gone:
            del result[place]
        else:
            result[place] = merged(result[place], item, keys)
    return result
