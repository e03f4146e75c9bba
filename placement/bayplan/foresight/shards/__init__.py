"""Into how many shards a task is best cut: enough to be fast, no more than pay off."""

from bayplan.foresight.shards.advice import Advice, Table, advise, table
from bayplan.foresight.shards.in_graph import decide
from bayplan.foresight.shards.places import Places, places_for
from bayplan.foresight.shards.splitting import Splitting
from bayplan.foresight.shards.words import explain

__all__ = ["Advice", "Places", "Splitting", "Table", "advise", "decide", "explain", "places_for", "table"]
