"""What pods near each other mean for a place: counts of pods by kind and row, and what they forbid or make better."""

from bayplan.cluster.neighbours.neighbourhood import Neighbourhood

__all__ = ["Neighbourhood"]
