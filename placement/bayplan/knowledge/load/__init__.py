"""What nodes really do: measured load, with what was placed too recently to show there."""

from bayplan.knowledge.load.checking import Fault, Intake
from bayplan.knowledge.load.estimate import LoadEstimate
from bayplan.knowledge.load.hot import HotNodes
from bayplan.knowledge.load.model import LoadModel
from bayplan.knowledge.load.reading import Reading
from bayplan.knowledge.load.tracker import LoadTracker

__all__ = ["Fault", "HotNodes", "Intake", "LoadEstimate", "LoadModel", "LoadTracker", "Reading"]
