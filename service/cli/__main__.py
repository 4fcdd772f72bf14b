"""`python -m service.cli`, for who knows the interpreter and not where the command is installed."""

from __future__ import annotations

from service.cli.commands import main

main()
