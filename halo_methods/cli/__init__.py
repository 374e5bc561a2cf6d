"""The ``halo`` command. Results go to stdout, messages to stderr.

Exit status: 0 fine, 1 findings, 2 usage, 3 a gate asked for failed, 4 could not run.
"""

import logging
import sys
from collections.abc import Sequence

import click

from .. import __version__
from ..errors import HaloError, InvalidData
from .adjudicate_command import adjudicate
from .answering import COULD_NOT_RUN, FINDINGS, FINE, GATE_FAILED, INTERRUPTED, USAGE, in_shell, log
from .data_commands import check, report
from .plan_command import plan
from .standards_command import standards

__all__ = ["COULD_NOT_RUN", "FINDINGS", "FINE", "GATE_FAILED", "INTERRUPTED", "USAGE", "halo", "main"]


@click.group(
    commands=[check, report, standards, adjudicate, plan],
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog="Exit status: 0 fine, 1 findings, 2 usage, 3 a gate asked for failed, 4 could not run. "
    'Shell completion: put eval "$(_HALO_COMPLETE=bash_source halo)" in ~/.bashrc; '
    "for zsh and fish, zsh_source and fish_source.",
)
@click.version_option(__version__, message="halo %(version)s")
def halo() -> None:
    """Standards and methods for human evaluation of AI products."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    logging.basicConfig(level=logging.WARNING, format="halo: %(message)s", stream=sys.stderr, force=True)
    try:
        return int(halo.main(argv, prog_name="halo", standalone_mode=False) or FINE)
    except click.ClickException as refusal:
        refusal.show()
        return USAGE
    except click.Abort:
        log.error("interrupted")
        return INTERRUPTED
    except InvalidData as problem:
        log.error("%s", problem.text(in_shell))
    except (HaloError, OSError) as problem:
        log.error("%s", problem)
    except Exception as problem:
        verbose = log.isEnabledFor(logging.INFO)
        log.error("a fault in halo itself: %s: %s", type(problem).__name__, problem, exc_info=verbose)
    return COULD_NOT_RUN
