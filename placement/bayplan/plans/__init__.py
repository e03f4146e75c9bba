"""Plans of whole graphs on the cluster as it is: made, followed, and made again when reality differs."""

from bayplan.plans.beside_own import beside_own
from bayplan.plans.expected import expected_seconds
from bayplan.plans.make import make_plan
from bayplan.plans.matters import matters
from bayplan.plans.nodes import Nodes
from bayplan.plans.plan import Plan
from bayplan.plans.progress import Progress
from bayplan.plans.remake import still_needs, why_remake
from bayplan.plans.situation import Situation
from bayplan.plans.slots import slots, usable

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
