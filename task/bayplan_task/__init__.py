"""For programs in the containers of a TaskGraph: which unit this is, its inputs, outputs, results, metrics and checkpoints."""

from .checkpoints import Checkpoint, Checkpoints
from .errors import TaskError
from .run import run
from .unit import Unit

__all__ = ["Checkpoint", "Checkpoints", "TaskError", "Unit", "run"]
