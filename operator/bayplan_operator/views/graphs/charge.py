"""What quotas were charged for a graph as a whole, from its status."""

from collections.abc import Mapping
from typing import Any


def in_words(status: Mapping[str, Any]) -> str:
    """Such as `cpu 4, nvidia.com/gpu 8 (pool=a)`; empty: nothing was charged."""
    quotas = (status.get("charged") or {}).get("quotas") or ()
    return ", ".join(f"{each['resource']} {each['amount']}{_nodes(each)}" for each in quotas)


def _nodes(quota: Mapping[str, Any]) -> str:
    labels = quota.get("nodeSelector") or {}
    return f" ({','.join(f'{label}={value}' for label, value in sorted(labels.items()))})" if labels else ""
