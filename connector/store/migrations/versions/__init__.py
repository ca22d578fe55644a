"""Hold one file a migration."""
