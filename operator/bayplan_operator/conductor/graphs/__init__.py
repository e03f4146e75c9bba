"""The run of each graph: taken in, observed, acted on, recorded, reported."""
