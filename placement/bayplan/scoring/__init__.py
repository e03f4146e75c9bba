"""Which node is better. Each scorer gives every candidate a score from 0 to 1; a strategy weighs them."""

from bayplan.protocols import Scorer
from bayplan.scoring.best_fit import best_fit
from bayplan.scoring.preferred_affinity import preferred_affinity
from bayplan.scoring.spread import spread

SCORERS: dict[str, Scorer] = {"BestFit": best_fit, "Spread": spread, "PreferredAffinity": preferred_affinity}

__all__ = ["SCORERS"]
