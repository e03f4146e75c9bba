"""Plans of whole graphs on the cluster as it is: made, improved, followed, and made again when reality differs."""

from bayplan.foresight.graph_plans.beside_own import beside_own
from bayplan.foresight.graph_plans.carried import plan_again
from bayplan.foresight.graph_plans.expected import expected_deviations, expected_seconds
from bayplan.foresight.graph_plans.improve import Improvement, improve
from bayplan.foresight.graph_plans.make import make_plan
from bayplan.foresight.graph_plans.matters import matters
from bayplan.foresight.graph_plans.nodes import Nodes
from bayplan.foresight.graph_plans.plan import Plan
from bayplan.foresight.graph_plans.progress import Progress
from bayplan.foresight.graph_plans.remake import still_needs, why_remake
from bayplan.foresight.graph_plans.situation import Situation
from bayplan.foresight.graph_plans.slots import slots, usable

__all__ = [
    "Improvement",
    "Nodes",
    "Plan",
    "Progress",
    "Situation",
    "beside_own",
    "expected_deviations",
    "expected_seconds",
    "improve",
    "make_plan",
    "matters",
    "plan_again",
    "slots",
    "still_needs",
    "usable",
    "why_remake",
]
