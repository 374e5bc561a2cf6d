"""What every command has in common: its exit status, how it prints, what it refuses."""

import functools
import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..errors import BadOption, HaloError

FINE, FINDINGS, USAGE, GATE_FAILED, COULD_NOT_RUN = range(5)
INTERRUPTED = 130

log = logging.getLogger("halo")


@dataclass(frozen=True)
class Answer:
    """What a command found: for a program, for a reader, and how it exits."""

    result: Any
    text: str
    status: int = FINE


class ExistingFile(click.Path):
    """A file that is there; where it is not, the command could not run."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not Path(value).is_file():
            raise HaloError(f"there is no file {value}")
        return str(value)


def answering(command: Callable[..., Answer]) -> Callable[..., int]:
    """Give a command ``--format``, ``--quiet`` and ``--verbose``, and print its answer."""

    @click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How results print.")
    @click.option("--quiet", is_flag=True, help="Errors only.")
    @click.option("--verbose", is_flag=True, help="What is being done.")
    @functools.wraps(command)
    def run(form: str, quiet: bool, verbose: bool, **options: Any) -> int:
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose exclude each other")
        logging.getLogger().setLevel(logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING)
        for chatty in ("traitlets", "papermill", "matplotlib", "asyncio"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        try:
            answer = command(**options)
        except BadOption as error:
            raise click.UsageError(_spelled(error)) from error
        text = answer.text
        if form == "json":
            text = json.dumps(answer.result, ensure_ascii=False, indent=2, allow_nan=False)
        try:
            print(text, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return COULD_NOT_RUN
        return answer.status

    return run


def _spelled(error: BadOption) -> str:
    """The error with its option as it is typed here."""
    flags = {parameter.name: parameter.opts[0] for parameter in click.get_current_context().command.params}
    if error.option in flags and error.allowed:
        return f"{flags[error.option]} is {error.given}; allowed: {', '.join(map(str, error.allowed))}"
    return str(error)
