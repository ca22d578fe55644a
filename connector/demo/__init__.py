"""Show the main job at work: a helpdesk, the daemon, and a morning's mail."""
