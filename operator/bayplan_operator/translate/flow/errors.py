"""What is wrong with how the tasks of a graph follow each other."""


class FlowError(ValueError):
    """The graph cannot run; the message is one sentence that names the field."""
