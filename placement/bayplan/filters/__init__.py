"""Which nodes can have a request at all. Each filter looks at all nodes at once and has a typed rejection."""

from bayplan.filters.fit import Fit, fit
from bayplan.filters.words import rejections_in_words

__all__ = ["Fit", "fit", "rejections_in_words"]
