"""How a command ends: the one table of exit codes."""

from enum import IntEnum

from bayplan_operator import settings


class ExitCode(IntEnum):
    """Of every command; the words are those of `--help`."""

    words: str

    def __new__(cls, code: int, words: str) -> "ExitCode":
        """A member with its words."""
        made = int.__new__(cls, code)
        made._value_, made.words = code, words
        return made

    DONE = 0, "the command has done what was asked"
    FAILED = 1, "the cluster refused or did not answer, or something unexpected failed"
    USAGE = 2, "the command line or an input file is wrong"
    GRAPH = 3, "a graph cannot complete, has failed, or misses its deadline"
    LEASE_LOST = settings.LEASE_LOST, "only bayplan operator: it lost its Lease, and has to be started again"
    INTERRUPTED = 130, "the command was interrupted by Ctrl-C"
    BROKEN_PIPE = 141, "the reader of the output closed it"


def graphs(*, fine: bool) -> ExitCode:
    """Of a command that was asked whether graphs complete in time."""
    return ExitCode.DONE if fine else ExitCode.GRAPH


def table() -> str:
    """The codes with their words, a line each, for `--help`."""
    return "\n".join(f"  {code.value:>3}  {code.words}" for code in ExitCode)
