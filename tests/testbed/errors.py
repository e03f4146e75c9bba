"""The one error that a user of the testbed is meant to read."""


class TestbedError(RuntimeError):
    """Something that the testbed needs is missing or broke; the message is a sentence for the user."""

    __test__ = False  # pytest collects classes named Test*
