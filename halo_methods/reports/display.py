"""One output of a notebook, in the forms a page, a terminal and a program read."""

import sys
from typing import Any

from ..results import MIME
from . import tables

MIMEBundle = dict[str, Any]


def bundle(html: str, text: str, payload: dict[str, Any] | None = None) -> MIMEBundle:
    """One output in the forms a page, a terminal and a program read."""
    made: MIMEBundle = {"text/html": html, "text/plain": text}
    if payload is not None:
        made[MIME] = tables.plain(payload)
    return made


def publish(data: MIMEBundle, metadata: dict[str, Any] | None = None) -> None:
    """Show an output in a notebook; outside of one print its text."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(data["text/plain"])
    else:
        shell.display_pub.publish(data, metadata or {})
