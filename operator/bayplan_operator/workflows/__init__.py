"""Reading from files what `bayplan plan`, `simulate`, `compare` and `report` are about: graphs, policies, nodes.

files/ (text, places) ─▶ documents ─▶ graphs (TaskGraph; argo and wfcommons make one) ─▶ submissions of the simulator
                                  └──▶ nodes/, failures              checks/: what is wrong with an object as a whole
Nothing here asks a cluster. All that is wrong is one `InputError`, a line for each with file and place.
"""

from bayplan_operator.workflows.documents import InputError
from bayplan_operator.workflows.graphs import Workload, read_graphs
from bayplan_operator.workflows.nodes import read_nodes

__all__ = ["InputError", "Workload", "read_graphs", "read_nodes"]
