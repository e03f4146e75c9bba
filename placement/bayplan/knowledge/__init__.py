"""What was learned or measured: run times, node states, load, arrivals, efficiency."""
