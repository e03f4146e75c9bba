"""The hot loops of scheduling. They are sequential, so their twin is the same code in plain Python."""
