"""Fields that are null.

The API server takes a field that is null for one that is not there, where the schema knows the field. In a pod template it
keeps null, and then reads it as "" or 0 where a map of a pod holds it: a label that must be there and empty, for instance.
"""

from collections.abc import Mapping
from typing import Any


def without_nulls(value: Any) -> Any:
    """A copy in which no map holds null, all the way down. An item of a list that is null stays: it has a place."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
