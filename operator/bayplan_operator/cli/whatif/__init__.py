"""What `bayplan plan`, `simulate`, `compare` and `report` have in common.

options ─▶ workload, setup ─▶ bayplan.simulation ─▶ build ─▶ model.Simulation ─▶ text, JSON, or page (HTML)
"""
