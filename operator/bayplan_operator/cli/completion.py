"""`kubectl_complete-bayplan`: what kubectl asks when the shell completes `kubectl bayplan ...`.

kubectl hands over the words after `kubectl bayplan`, the last of them incomplete. It reads one value a line, with a description
after a tab. The last line says, after a colon, what the shell shall do (cobra's `ShellCompDirective`).
"""

import re
import sys
from typing import Any

from typer._click.shell_completion import CompletionItem, ShellComplete  # typer's own copy; it offers no public name for them
from typer.main import get_command

from bayplan_operator.cli.commands import NAME, app
from bayplan_operator.cli.exit_codes import ExitCode

_FILES, _NO_FILES = 0, 4
"""ShellCompDirectiveDefault and ShellCompDirectiveNoFileComp."""


class _Kubectl(ShellComplete):
    """Asks in place of a shell."""

    name = "kubectl"
    source_template = ""

    def source_vars(self) -> dict[str, str]:
        """None: kubectl has a script of its own."""
        return {}

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words of the command line that are complete, and the one that is not."""
        *before, incomplete = sys.argv[1:] or [""]
        return before, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """The value, and what it means."""
        return f"{item.value}\t{' '.join(item.help.split())}" if item.help else str(item.value)


def main() -> int:
    """Print what the last word could be; answers the exit code."""
    group = get_command(app)
    asked = _Kubectl(group, {}, NAME, "")
    before, incomplete = asked.get_completion_args()
    for each in asked.get_completions(before, incomplete):
        print(asked.format_completion(each))
    print(f":{_FILES if _is_file(group, before) else _NO_FILES}")
    return ExitCode.DONE


def _is_file(group: Any, before: list[str]) -> bool:
    """The next word is a path: the metavar of the option before it, or else of the command's argument, says so."""
    parameters = group.commands[before[0]].params if before and before[0] in group.commands else []
    wanted = next((each for each in parameters if before[-1] in each.opts and not each.is_flag), None)
    wanted = wanted or next((each for each in parameters if each.param_type_name == "argument"), None)
    return wanted is not None and re.search(r"FILE|PATH|\.json", wanted.metavar or "") is not None
