"""`--learn`: its value may be left out."""

from collections.abc import Sequence

from bayplan_operator.cli.options.declared import option

LEARN = option("--learn", text="learn run times from what has ended, and how often nodes fail (default: no; alone: yes)")
LEARN_BOTH = option(
    "--learn",
    text="learn run times from what has ended, and how often nodes fail; both: once with and once without "
    "(default: no; alone: yes)",
)


def completed(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--learn=yes` where `--learn` stands alone, since typer knows no options with a value or without."""
    following = (*arguments[1:], "-")
    return [
        "--learn=yes" if each == "--learn" and after.startswith("-") else each
        for each, after in zip(arguments, following, strict=False)
    ]
