"""Statuses that would be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bayplan_operator.writer import GraphWriter


class Written(GraphWriter):
    """Keeps them, and tells of none that it is written."""

    def __init__(self) -> None:
        self.statuses: list[dict[str, Any]] = []

    def busy(self, key: tuple[str, str]) -> bool:
        return False

    def write_status(
        self,
        key: tuple[str, str],
        uid: str,
        status: Mapping[str, Any],
        on_written: Callable[[int], None],
        only_at: int | None = None,
    ) -> None:
        self.statuses.append(dict(status))
