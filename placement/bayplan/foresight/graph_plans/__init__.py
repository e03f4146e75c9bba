"""Plans of whole graphs on the cluster as it is: made, followed, and made again when reality differs."""

from bayplan.foresight.graph_plans.beside_own import beside_own
from bayplan.foresight.graph_plans.expected import expected_seconds
from bayplan.foresight.graph_plans.make import make_plan
from bayplan.foresight.graph_plans.matters import matters
from bayplan.foresight.graph_plans.nodes import Nodes
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.progress import Progress
from bayplan.foresight.graph_plans.remake import still_needs, why_remake
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.foresight.graph_plans.slots import slots, usable

__all__ = [
    "Nodes",
    "Plan",
    "Progress",
    "Situation",
    "beside_own",
    "expected_seconds",
    "make_plan",
    "matters",
    "slots",
    "still_needs",
    "usable",
    "why_remake",
]
