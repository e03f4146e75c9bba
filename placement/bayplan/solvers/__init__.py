"""Plain arrays in, answers out: assignment problems, schedules, and the kernels under both."""
