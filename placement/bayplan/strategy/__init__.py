"""How a policy decides: orders, scorers and planners, compiled from names."""
