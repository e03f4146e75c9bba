"""Which place is better. Each scorer gives every candidate a score from 0 to 1; a strategy weighs them."""

from bayplan.protocols import Scorer
from bayplan.scoring.best_fit import BestFit
from bayplan.scoring.dot_product import DotProduct
from bayplan.scoring.earliest_finish import EarliestFinish
from bayplan.scoring.efficiency import EfficiencyScorer
from bayplan.scoring.fragmentation import FragmentationGradient
from bayplan.scoring.least_connections import LeastConnections
from bayplan.scoring.least_loaded import LeastLoaded
from bayplan.scoring.least_measured_load import LeastMeasuredLoad
from bayplan.scoring.load_risk import LoadRisk
from bayplan.scoring.node_survival import NodeSurvival
from bayplan.scoring.potential import Potential
from bayplan.scoring.preferred_affinity import PreferredAffinity
from bayplan.scoring.rounded_best_fit import RoundedBestFit
from bayplan.scoring.spread import Spread
from bayplan.scoring.target_utilization import TargetUtilization

SCORERS: dict[str, type[Scorer]] = {
    "Potential": Potential,
    "BestFit": BestFit,
    "Spread": Spread,
    "LeastLoaded": LeastLoaded,
    "LeastMeasuredLoad": LeastMeasuredLoad,
    "TargetUtilization": TargetUtilization,
    "LoadRisk": LoadRisk,
    "LeastConnections": LeastConnections,
    "DotProduct": DotProduct,
    "Efficiency": EfficiencyScorer,
    "EarliestFinish": EarliestFinish,
    "NodeSurvival": NodeSurvival,
    "FragmentationGradient": FragmentationGradient,
    "RoundedBestFit": RoundedBestFit,
    "PreferredAffinity": PreferredAffinity,
}

__all__ = ["SCORERS"]
