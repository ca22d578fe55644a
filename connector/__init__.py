"""The daemon that applies a written support policy to the tickets of a helpdesk."""
