"""Which place is better. Each scorer gives every candidate a score from 0 to 1; a strategy weighs them."""

from bayplan.strategy.protocols import Scorer
from bayplan.strategy.scoring.best_fit import BestFit
from bayplan.strategy.scoring.dot_product import DotProduct
from bayplan.strategy.scoring.earliest_finish import EarliestFinish
from bayplan.strategy.scoring.efficiency import EfficiencyScorer
from bayplan.strategy.scoring.fragmentation import FragmentationGradient
from bayplan.strategy.scoring.least_connections import LeastConnections
from bayplan.strategy.scoring.least_loaded import LeastLoaded
from bayplan.strategy.scoring.least_measured_load import LeastMeasuredLoad
from bayplan.strategy.scoring.load_risk import LoadRisk
from bayplan.strategy.scoring.node_survival import NodeSurvival
from bayplan.strategy.scoring.potential import Potential
from bayplan.strategy.scoring.preferred_affinity import PreferredAffinity
from bayplan.strategy.scoring.rounded_best_fit import RoundedBestFit
from bayplan.strategy.scoring.spread import Spread
from bayplan.strategy.scoring.target_utilization import TargetUtilization

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
