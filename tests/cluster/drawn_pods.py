"""Pods with drawn requests that the API server takes: all that has a say in what a pod asks of a node."""

from __future__ import annotations

import random
from typing import Any

Object = dict[str, Any]

OVERHEAD, ELSEWHERE = "with-overhead", "with-selector"
RUNTIME_CLASSES: tuple[Object, ...] = (
    {"metadata": {"name": OVERHEAD}, "handler": "h", "overhead": {"podFixed": {"cpu": "250m", "memory": "64Mi"}}},
    {
        "metadata": {"name": ELSEWHERE},
        "handler": "h",
        "scheduling": {"nodeSelector": {"vm": "yes"}, "tolerations": [{"key": "vm", "operator": "Exists"}]},
    },
)
NOWHERE = {"no": "such-node"}
"""A node selector that keeps the pods waiting."""

# From small to large, in more ways to write them than people have, parts of a byte among them. Nothing below a millicore: where
# a pod asks as a whole, the API server refuses a sum of these, since it rounds once before and once after it adds.
_AMOUNTS = {
    "cpu": ("0", "1m", "100m", "0.25", "1", "1500m", "2"),
    "memory": ("0", "100m", "64Mi", "0.1Gi", "128974848", "1G", "1.7Gi"),
    "ephemeral-storage": ("0", "500M", "1Gi"),
}
_DEVICES = {"example.com/fpga": ("0", "1", "2"), "nvidia.com/gpu": ("1",)}
_HUGE = "hugepages-2Mi"
# More than all containers together can ask for, as the API server demands.
_OF_THE_WHOLE = {"cpu": ("64", "70.5"), "memory": ("64Gi", "70.3Gi")}


def pod_spec(rng: random.Random) -> Object:
    """A pod spec that the API server takes where no LimitRange is in its way."""
    spec: Object = {
        "containers": [_container(rng, f"c{number}") for number in range(rng.randint(1, 3))],
        "initContainers": [_init_container(rng, f"i{number}") for number in range(rng.randint(0, 3))],
        "nodeSelector": NOWHERE,
    }
    if rng.random() < 0.4:
        spec["resources"] = _of_the_whole(rng)
    if rng.random() < 0.4:
        spec["runtimeClassName"] = rng.choice((OVERHEAD, ELSEWHERE))
    return spec


def _init_container(rng: random.Random, name: str) -> Object:
    return {**_container(rng, name), **({"restartPolicy": "Always"} if rng.random() < 0.5 else {})}


def _container(rng: random.Random, name: str) -> Object:
    requests, limits = {}, {}
    for resource, amounts in _AMOUNTS.items():
        least, most = sorted(rng.choices(range(len(amounts)), k=2))
        said = rng.choice(("nothing", "request", "limit", "both"))
        if said in ("request", "both"):
            requests[resource] = amounts[least]
        if said in ("limit", "both"):
            limits[resource] = amounts[most]
    for resource, amounts in _DEVICES.items():
        if rng.random() < 0.2:
            limits[resource] = rng.choice(amounts)
    if rng.random() < 0.2:
        limits |= {_HUGE: rng.choice(("2Mi", "6Mi")), "memory": _AMOUNTS["memory"][-1]}
    return {"name": name, "image": "none", "resources": {"requests": requests, "limits": limits}}


def _of_the_whole(rng: random.Random) -> Object:
    requests, limits = {}, {}
    for resource, (least, most) in _OF_THE_WHOLE.items():
        said = rng.choice(("nothing", "request", "limit", "both"))
        if said in ("request", "both"):
            requests[resource] = least
        if said in ("limit", "both"):
            limits[resource] = most
    if rng.random() < 0.3:
        limits |= {_HUGE: "64Mi", "memory": _OF_THE_WHOLE["memory"][-1]}
        if rng.random() < 0.5:
            requests[_HUGE] = "64Mi"
    return {"requests": requests, "limits": limits}
