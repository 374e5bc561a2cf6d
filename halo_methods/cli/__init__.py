"""The ``halo`` command. Results go to stdout, messages to stderr.

Exit status: 0 fine, 1 findings, 2 usage, 3 a gate asked for failed, 4 could not run.
"""

import io
import logging
import os
import sys
from collections.abc import Sequence

import click

from .. import __version__
from ..errors import HaloError, InvalidData, printable
from .adjudicate_command import adjudicate
from .answering import COULD_NOT_RUN, FINDINGS, FINE, GATE_FAILED, INTERRUPTED, USAGE, in_shell, log
from .certify_command import certify
from .data_commands import check, report
from .exercise_command import exercise
from .mcp_command import mcp
from .plan_command import plan
from .read_command import read, write
from .rubric_command import rubric
from .standards_command import standards

__all__ = ["COULD_NOT_RUN", "FINDINGS", "FINE", "GATE_FAILED", "INTERRUPTED", "USAGE", "halo", "main"]


@click.group(
    commands=[check, read, write, report, standards, adjudicate, plan, rubric, certify, exercise, mcp],
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog="Exit status: 0 fine, 1 findings, 2 usage, 3 a gate asked for failed, 4 could not run. "
    'Shell completion: put eval "$(_HALO_COMPLETE=bash_source halo)" in ~/.bashrc; '
    "for zsh and fish, zsh_source and fish_source.",
)
@click.version_option(__version__, message="halo %(version)s")
def halo() -> None:
    """Standards and methods for human evaluation of AI products."""


class _Lines(logging.Formatter):
    """Messages whose lines are printable."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(printable, super().format(record).split("\n")))


def _open_streams() -> None:
    """Let a terminal show as an escape what it has no sign for, and send what a closed stream gets nowhere."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if stream is None:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which no file of data is to have
        elif isinstance(stream, io.TextIOWrapper) and stream is not sys.stdin:
            stream.reconfigure(errors="backslashreplace")


def _one_line(problem: Exception) -> str:
    """What is refused, in one line."""
    try:
        os.getcwd()
    except OSError:
        return "the folder this command runs in has been deleted; change to another folder"
    return printable(str(problem))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    _open_streams()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    logging.getLogger().handlers[0].setFormatter(_Lines("halo: %(message)s"))
    try:
        return int(halo.main(argv, prog_name="halo", standalone_mode=False) or FINE)
    except click.ClickException as refusal:
        click.UsageError(printable(refusal.format_message()), getattr(refusal, "ctx", None)).show()
        return USAGE
    except click.Abort:
        log.error("interrupted")
        return INTERRUPTED
    except InvalidData as problem:
        log.error("%s", problem.text(in_shell))
    except (HaloError, OSError) as problem:
        log.error("%s", _one_line(problem))
    except Exception as problem:
        verbose = log.isEnabledFor(logging.INFO)
        log.error("a fault in halo itself: %s: %s", type(problem).__name__, problem, exc_info=verbose)
    return COULD_NOT_RUN
