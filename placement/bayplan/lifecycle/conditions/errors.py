"""What is wrong with a condition."""


class ConditionError(ValueError):
    """A condition that cannot be used; the message is one sentence, and names the column where one is to blame."""

    def __init__(self, what: str, column: int | None = None) -> None:
        super().__init__(what if column is None else f"column {column}: {what}")
        self.column = column
        """Characters from the start of the text, from 1; `None`: the condition as a whole is wrong."""
