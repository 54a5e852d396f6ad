"""A user's events in, moments out: what is known then, and nothing else."""
