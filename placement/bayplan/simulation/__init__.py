"""A pure discrete-event simulator: a virtual clock and a virtual cluster around the decisions that the operator takes.

What a graph wants is `lifecycle.advance`, where it goes is `core.Decider`, and what is used is the `Cluster`, as in the
operator. Only what the cluster answers is made up here: how long things run, and what breaks.
"""

from bayplan.simulation import figures
from bayplan.simulation.candidates import Candidate, TaskCandidates
from bayplan.simulation.choices import ChoiceMade
from bayplan.simulation.dividing import Divider
from bayplan.simulation.failures import Crash, Failures
from bayplan.simulation.following import Ending, Rounds, by_learned
from bayplan.simulation.load import Drawn, HiddenLoad, Scrapes, Steps
from bayplan.simulation.run_times import TrueRunTimes
from bayplan.simulation.setup import Delays, Occupied, Policy, Setup, SetupError
from bayplan.simulation.simulator import first_line, simulate
from bayplan.simulation.submission import Parallelism, Submission
from bayplan.simulation.trace import AttemptOutcome, Attempts, Graphs, Preempted, Switch, Trace

__all__ = [
    "AttemptOutcome",
    "Attempts",
    "Candidate",
    "ChoiceMade",
    "Crash",
    "Delays",
    "Divider",
    "Drawn",
    "Ending",
    "Failures",
    "Graphs",
    "HiddenLoad",
    "Occupied",
    "Parallelism",
    "Policy",
    "Preempted",
    "Rounds",
    "Scrapes",
    "Setup",
    "SetupError",
    "Steps",
    "Submission",
    "Switch",
    "TaskCandidates",
    "Trace",
    "TrueRunTimes",
    "by_learned",
    "figures",
    "first_line",
    "simulate",
]
