"""The `bayplan` command, also `kubectl bayplan`.

options/ ─▶ NAME.py, one per command: how it is called ─▶ commands ─▶ work/NAME.py, imported only where the command runs
"""

from bayplan_operator.cli.commands import main

__all__ = ["main"]
