"""Whether a plan of a graph could gain anything."""

import numpy as np

from bayplan.foresight.graph_plans.situation import Situation


def matters(situation: Situation) -> bool:
    """It matters where the graph's tasks run: nodes are unequally fast for one, or bytes are read. O(tasks x classes + edges).

    Where it does not, a plan only keeps places, and its slots are coarser than what really fits.
    """
    if situation.data.any():
        return True
    seconds = situation.seconds
    finite = np.isfinite(seconds)
    most = np.where(finite, seconds, -np.inf).max(axis=1, initial=-np.inf)
    return bool((most > seconds.min(axis=1, initial=np.inf)).any())
