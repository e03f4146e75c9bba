"""Reading from files what `bayplan plan`, `simulate`, `compare` and `report` are about: graphs, policies, nodes.

documents (YAML, JSON) ─▶ graphs (TaskGraph; argo and wfcommons make one) ─▶ submissions of the simulator
                     └──▶ nodes, failures
Nothing here asks a cluster. Whatever is wrong is an `InputError` that names file and place.
"""

from bayplan_operator.workflows.documents import InputError
from bayplan_operator.workflows.graphs import Workload, read_graphs
from bayplan_operator.workflows.nodes import read_nodes

__all__ = ["InputError", "Workload", "read_graphs", "read_nodes"]
