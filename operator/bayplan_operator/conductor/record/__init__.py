"""What the conductor holds of each graph: what is known, decided and written of it, and its run."""
