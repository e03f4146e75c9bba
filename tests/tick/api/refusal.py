"""What the API server answers where it does not do as it was asked."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer of 400 or more."""

    def __init__(self, status: int, reason: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after

    def as_status(self) -> dict[str, Any]:
        """The Status object that goes with it."""
        return {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.status,
        }  # fmt: skip
