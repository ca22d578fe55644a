"""Rules that only tests use: an organisation's own package beside the built-in rules."""
