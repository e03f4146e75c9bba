"""Plans of whole graphs in the operator: made in a thread beside the ticks, and made again when reality differs."""

from bayplan_operator.conductor.outlook.graph_plans.following import GraphPlans

__all__ = ["GraphPlans"]
