"""Run times of jobs without names, from what came before them."""
