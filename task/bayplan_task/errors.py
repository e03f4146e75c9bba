"""What a program is told that cannot go on."""


class TaskError(Exception):
    """One sentence: which file, variable or result, what is wrong, and what would be right."""
