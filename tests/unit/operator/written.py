"""Statuses that would be written, and pods that would be admitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bayplan_operator.kube.errors import ApiError
from bayplan_operator.writer import DryRunWriter, GraphWriter


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


class Admitting(DryRunWriter):
    """Answers at once that each pod is as it should be."""

    def __init__(self) -> None:
        """There is no server to be asked."""

    def busy(self, key: tuple[str, str]) -> bool:
        return False

    def ask(
        self,
        key: tuple[str, str],
        manifest: Mapping[str, Any],
        on_answer: Callable[[bytes], None],
        on_refusal: Callable[[ApiError], None],
    ) -> None:
        on_answer(msgspec.json.encode(manifest))
