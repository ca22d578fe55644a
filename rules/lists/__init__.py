"""Lists that rules compare with, as text files an admin can read."""
