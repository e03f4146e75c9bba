"""The read model: graphs, tasks, attempts and nodes as figures, of a cluster or of a simulation.

What every run has is in one class, such as `AttemptView`; what only a cluster knows (`PodAttempt`) or only the simulator
(`SimulatedAttempt`) is in a class of its own beside it. Encoded by msgspec they are what the commands print with `-o json`.
Times are seconds since the graph was accepted, or since the begin of the simulation; none: not known, or not yet.
"""
