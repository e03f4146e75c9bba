"""The id of a shard's request, beside those of pods that are no graph's."""

from collections.abc import Hashable
from typing import cast

ShardId = tuple[str, int]
"""UID of a graph and number of a unit, as `request_of` makes it."""


def shard_of(request_id: Hashable) -> ShardId | None:
    """Whose request it is; ``None``: a pod's that is no graph's."""
    return cast(ShardId, request_id) if isinstance(request_id, tuple) else None
