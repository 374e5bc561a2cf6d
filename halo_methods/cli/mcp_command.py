"""``halo mcp``: an assistant on the same machine asks for standards, checks and reports."""

import sys
from typing import Any

import click

from .answering import Command, log


@click.command(cls=Command)
@click.option("--data", metavar="DIR", default=".", help="Folder whose files the assistant may have read.")
@click.option("--out", metavar="DIR", default="reports", help="Folder for reports; nothing is written elsewhere.")
@click.option(
    "--audience",
    type=click.Choice(["partner", "public", "operations"]),
    default="partner",
    help="For whom reports are made; operations sees cells of the data.",
)
def mcp(**touched: Any) -> None:
    """Serve an assistant on this machine over standard input and output."""
    from ..assistant import server

    made = server(**touched)
    if sys.stdin.isatty():
        log.warning("waiting for an assistant on standard input; it starts this command by itself. Ctrl-D ends it")
    made.run()
