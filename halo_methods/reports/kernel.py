"""The process of a kernel: IPython's, listening on nothing but its own sockets."""

import os
import sys
from typing import Any

from ipykernel import iostream, kernelapp


class OutputThread(iostream.IOPubThread):
    """Sends a kernel's output, without the TCP socket that ipykernel opens for what forked children print.

    Any user of the machine can connect to that socket. What a cell's own forks print is not shown.
    """

    def __init__(self, socket: Any, pipe: bool = False, session: Any = False):
        super().__init__(socket, pipe=False, session=session)


def run(arguments: list[str] | None = None) -> None:
    """Run a kernel in this process until it is shut down or its parent has ended."""
    sys.path.append("")  # last, so that a file beside a notebook can be imported and replaces no library
    kernelapp.IOPubThread = OutputThread  # type: ignore[misc]
    parent = int(os.environ.get("JPY_PARENT_PID") or 0)
    kernelapp.IPKernelApp.launch_instance(argv=arguments, parent_handle=parent)


if __name__ == "__main__":
    run()
