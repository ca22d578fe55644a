"""What customers and agents are told: one TOML file a language, a table a message; `$name` is a place for a value."""
