"""Into how many shards a task is best cut: enough to be fast, no more than pay off."""

from bayplan.granularity.advice import Advice, Table, advise, table
from bayplan.granularity.in_graph import decide
from bayplan.granularity.places import Places, places_for
from bayplan.granularity.splitting import Splitting
from bayplan.granularity.words import explain

__all__ = ["Advice", "Places", "Splitting", "Table", "advise", "decide", "explain", "places_for", "table"]
