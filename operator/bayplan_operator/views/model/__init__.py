"""The read model: graphs, tasks, attempts and nodes as figures, of a cluster or of a simulation.

What every run has is in one class, such as `AttemptView`. What only a cluster knows (`PodAttempt`), or only the simulator
(`SimulatedAttempt`), is in a class beside it. The commands print these classes, encoded by msgspec, with `-o json`.
Times are seconds since the graph was accepted, or since the begin of the simulation. None: not known, or not yet.
"""
