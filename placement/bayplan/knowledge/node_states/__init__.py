"""What nodes do as a Markov chain learned from what was seen, and what their failures cost."""

from bayplan.knowledge.node_states.chain import NodeState, NodeStates
from bayplan.knowledge.node_states.reruns import Reruns
from bayplan.knowledge.node_states.survival import Survival
from bayplan.knowledge.node_states.watch import NodeWatch

__all__ = ["NodeState", "NodeStates", "NodeWatch", "Reruns", "Survival"]
