"""What is expected of each graph: plans, estimates, deadlines."""
