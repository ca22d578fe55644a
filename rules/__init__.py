"""One documented policy a file; a rule is found because its file lies here."""
