"""What is wrong with what a simulation was given."""


class SetupError(ValueError):
    """The simulation cannot begin; the message names the object and the field, and says what would be right."""
