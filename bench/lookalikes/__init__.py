"""Run times of jobs that nobody names, from what came before them."""
