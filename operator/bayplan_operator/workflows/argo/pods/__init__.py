"""The pods that Argo makes of a template: what they ask of a node, how long they run, how they are retried."""

from bayplan_operator.workflows.argo.pods.pods import PodAsk, Pods
from bayplan_operator.workflows.argo.pods.scheduling import Boundary

__all__ = ["Boundary", "PodAsk", "Pods"]
