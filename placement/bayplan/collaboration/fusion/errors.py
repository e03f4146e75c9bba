"""What is wrong with a fusion."""


class FusionError(ValueError):
    """Models, outputs, weights or parameters cannot be fused; the message is one sentence."""
