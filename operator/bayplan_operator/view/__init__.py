"""What the cluster looks like: pods and nodes as the API server shows them, with our own writes laid over."""

from bayplan_operator.view.foreign import ForeignPods
from bayplan_operator.view.namespaces import NamespaceStore
from bayplan_operator.view.nodes import NodeStore
from bayplan_operator.view.pods import PodStore

__all__ = ["ForeignPods", "NamespaceStore", "NodeStore", "PodStore"]
