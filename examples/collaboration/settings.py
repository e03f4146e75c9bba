"""What the manifests of these examples set by environment variables, and what the programs read of each other."""

from pathlib import Path

import numpy as np

from bayplan_task import TaskError, Unit
from examples.collaboration.models import Model


def seed(unit: Unit) -> int:
    """`SEED`: everything that is drawn at random follows from it."""
    return whole(unit, "SEED", 0)


def whole(unit: Unit, name: str, default: int) -> int:
    """A whole number from 0. Raises `TaskError`."""
    text = unit.environment.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise TaskError(f'{name} is "{text}": it must be a whole number from 0')
    return int(text)


def number(unit: Unit, name: str, default: float) -> float:
    """A finite number from 0. Raises `TaskError`."""
    text = unit.environment.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise TaskError(f'{name} is "{text}": it must be a finite number from 0')
    return value


def arrays(path: Path) -> Model:
    """All arrays of an `.npz` file."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def before(unit: Unit, task: str) -> Path | None:
    """The only folder that a task left in the round before; None in the first round. Raises `TaskError`."""
    folders = unit.previous(task)
    return None if folders is None else there(folders)[0]


def there(folders: list[Path | None]) -> list[Path]:
    """The folders of the shards that left something. Raises `TaskError` where none did."""
    found = [folder for folder in folders if folder is not None]
    if not found:
        raise TaskError("no shard of the task before has left anything")
    return found
