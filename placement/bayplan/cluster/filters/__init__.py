"""Which nodes can have a request at all. Each filter looks at many nodes at once, in columns."""

from bayplan.cluster.filters.fit import Fit, admission
from bayplan.cluster.filters.node_selector import Selector
from bayplan.cluster.filters.resources import open_places, room
from bayplan.cluster.filters.words import rejections_in_words

__all__ = ["Fit", "Selector", "admission", "open_places", "rejections_in_words", "room"]
