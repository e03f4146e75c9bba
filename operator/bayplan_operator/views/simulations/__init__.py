"""A simulation as its trace shows it. All of it is pure.

bayplan.simulation.Trace ─▶ build ─▶ model.Simulation
"""
