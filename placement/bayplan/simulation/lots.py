"""What lots are drawn by that the operator draws by the UID of a graph."""


def identity(seed: int, number: int) -> str:
    """Of a graph by its number: in the place of a UID, which only a cluster gives."""
    return f"{seed}/{number}"
