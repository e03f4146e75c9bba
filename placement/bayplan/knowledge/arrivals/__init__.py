"""What is expected to arrive, and what free room is worth by it: the knowledge behind the scorer `Potential`."""

from bayplan.knowledge.arrivals.arrivals import Arrivals
from bayplan.knowledge.arrivals.mix import ExpectedMix, expected_mix
from bayplan.knowledge.arrivals.model import MixModel, mix_model

__all__ = ["Arrivals", "ExpectedMix", "MixModel", "expected_mix", "mix_model"]
