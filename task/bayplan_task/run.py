"""A program's start and end."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from . import results
from .errors import TaskError
from .unit import Unit


def run(main: Callable[[Unit], None]) -> None:
    """Call `main` with the unit that this process is.

    A `TaskError` ends the process with exit code 1; its sentence is printed, and becomes the pod's message. Any other error
    ends it as Python does, so that the traceback is in the log.
    """
    try:
        main(Unit())
    except TaskError as error:
        print(error, file=sys.stderr)
        named = os.environ.get("BAYPLAN_TERMINATION_LOG")
        if named or results.TERMINATION_LOG.exists():
            results.write(Path(named or results.TERMINATION_LOG), str(error).encode()[: results.MOST_BYTES])
        sys.exit(1)
