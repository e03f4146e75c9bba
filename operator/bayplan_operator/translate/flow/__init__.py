"""How the tasks of a graph follow each other, in the library's terms; what they need of each other, and are given."""

from bayplan_operator.translate.flow.data import selector_of
from bayplan_operator.translate.flow.errors import FlowError
from bayplan_operator.translate.flow.fusing import fuse_template
from bayplan_operator.translate.flow.relations import PLAIN, Relations, relations_of

__all__ = ["PLAIN", "FlowError", "Relations", "fuse_template", "relations_of", "selector_of"]
