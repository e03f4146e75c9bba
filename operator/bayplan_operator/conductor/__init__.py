"""The one place with a loop: takes in what changed, lets the library decide, and hands what is wanted to the writer."""

from bayplan_operator.conductor.contents import conductor
from bayplan_operator.conductor.loop import conduct
from bayplan_operator.conductor.surroundings import View, Writers
from bayplan_operator.conductor.tick import Conductor

__all__ = ["Conductor", "View", "Writers", "conduct", "conductor"]
