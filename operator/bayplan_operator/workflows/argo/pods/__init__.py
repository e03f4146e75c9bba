"""The pods that Argo makes of a template: what they ask of a node, how long they run, how they are retried."""

from bayplan_operator.workflows.argo.pods.pods import Admitted, PodAsk, Pods
from bayplan_operator.workflows.argo.pods.scheduling import Boundary

__all__ = ["Admitted", "Boundary", "PodAsk", "Pods"]
