"""What nodes really do: measured load, with what was placed too recently to show there."""

from bayplan.load.checking import Fault, Intake
from bayplan.load.estimate import LoadEstimate
from bayplan.load.hot import Hot, HotNodes, hot_thresholds
from bayplan.load.model import LoadModel
from bayplan.load.reading import Reading
from bayplan.load.tracker import LoadTracker

__all__ = ["Fault", "Hot", "HotNodes", "Intake", "LoadEstimate", "LoadModel", "LoadTracker", "Reading", "hot_thresholds"]
