"""Plans of whole graphs on the cluster as it is: made, followed, and made again when reality differs."""

from bayplan.plans.expected import expected_seconds
from bayplan.plans.make import make_plan
from bayplan.plans.nodes import Nodes
from bayplan.plans.plan import Plan
from bayplan.plans.situation import Situation
from bayplan.plans.slots import slots

__all__ = ["Nodes", "Plan", "Situation", "expected_seconds", "make_plan", "slots"]
