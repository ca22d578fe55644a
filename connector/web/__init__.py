"""The door: HTTP and nothing else."""
