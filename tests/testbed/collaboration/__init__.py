"""The examples of models that work together, on real nodes: for tests, for the demo, and one by one."""
