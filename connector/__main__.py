"""Let `python -m connector` be the command."""

from connector.cli import main

main()
