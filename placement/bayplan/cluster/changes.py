"""Which rows have changed since a reader last looked."""

_LIMIT = 65_536


class ChangeLog:
    """Row numbers in the order in which they changed. Bounded: the oldest are forgotten."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._forgotten = 0

    @property
    def position(self) -> int:
        """Where the log ends now."""
        return self._forgotten + len(self._rows)

    def note(self, row: int) -> None:
        """The row has changed."""
        self._rows.append(row)
        if len(self._rows) > _LIMIT:
            dropped = len(self._rows) // 2
            del self._rows[:dropped]
            self._forgotten += dropped

    def since(self, position: int) -> list[int] | None:
        """The rows that have changed since a position, each once; `None` if that is too long ago to tell."""
        if position < self._forgotten:
            return None
        return list(dict.fromkeys(self._rows[position - self._forgotten :]))
