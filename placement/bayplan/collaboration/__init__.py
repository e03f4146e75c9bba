"""How models work together: how their answers and their parameters are fused."""
