"""What is wrong with the rule of rounds."""


class RoundError(ValueError):
    """A rule or figures that cannot be used; the message is one sentence that names the field."""
