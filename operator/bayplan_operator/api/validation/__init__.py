"""What neither schema nor CEL can see. Every problem is one sentence that starts with the path of the field.

Whether the tasks form a graph (unknown dependencies, cycles) is `bayplan.model.graph`'s to say.
"""

from .errors import details, path, sentence, sentence_of
from .graph import graph_problems

__all__ = ["details", "graph_problems", "path", "sentence", "sentence_of"]
