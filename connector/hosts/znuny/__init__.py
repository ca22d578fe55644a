"""Znuny, as it behaved when recorded: version 6.5."""
