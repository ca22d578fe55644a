"""The command `helpdesk-policy`: each file a group of commands, each command a few lines over the rooms below."""

from connector.cli.main import main

__all__ = ["main"]
