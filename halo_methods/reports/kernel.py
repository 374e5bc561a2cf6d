"""The process of a kernel, and what the fork server of `kernels` does before its first fork.

A kernel is IPython's and listens on nothing but its own sockets. `multiprocessing` imports this module in the server,
which then imports what kernels need and no more. A thread pool that was started before a fork is dead in the child,
and Polars would wait for it for ever. Where one is found, and where the package has changed since, a forked process
becomes an ordinary kernel.
"""

import atexit
import contextlib
import gc
import importlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

FOLDER = "HALO_KERNEL_FOLDER"
LIBRARIES = ("ipykernel.kernelapp", "jinja2", "pingouin", "seaborn", "scipy.stats")
OWN = ("agreement", "calibration", "judgments", "plots", "reports.report", "standards")
INLINE = "module://matplotlib_inline.backend_inline"
# Threads that wait for each other make small matrices many times slower on a busy machine.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
POOLS = ("polars-0", "tokio-rt-worker")

stamp: int | None = None
search_path: list[str] = []


def pool_started() -> bool:
    """Whether a thread pool that does not survive a fork is running in this process."""
    for task in Path("/proc/self/task").glob("*/comm"):
        with contextlib.suppress(OSError):
            if task.read_text().strip() in POOLS:
                return True
    return False


def source_stamp() -> int:
    """The newest change in this package, so that a kernel never runs an older one."""
    package = Path(__file__).resolve().parent.parent
    return max(p.stat().st_mtime_ns for pattern in ("**/*.py", "**/*.yml") for p in package.glob(pattern))


def imported() -> int | None:
    """Import the modules; the stamp of their sources, or None where one has started a pool.

    What can't be imported is the notebook's to report.
    """
    newest = source_stamp()
    gc.disable()
    for name in (*LIBRARIES, *(f"halo_methods.{own}" for own in OWN)):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    gc.enable()
    return None if pool_started() else newest


def end_kernels(server: int, client: int, folder: str) -> None:
    """End every kernel of a server that ends, and remove the private folder unless its client goes on.

    The server ends when its client has, however that came; an error alone ends it sooner, and the client then starts
    another in the same folder.
    """
    import psutil

    if os.getpid() != server:
        return
    kernels = psutil.Process().children()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    for process in kernels:  # and wait, so that none writes into the folder any more
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if not hasattr(sys, "last_type") or os.getppid() != client:
        shutil.rmtree(folder, ignore_errors=True)


def run(arguments: list[str] | None = None) -> None:
    """Run a kernel in this process until it is shut down or its parent has ended."""
    from ipykernel import iostream, kernelapp

    def without_a_pipe(socket: Any, pipe: bool, session: Any) -> iostream.IOPubThread:
        """Send output without the TCP socket, open to every user of the machine, for what a cell's own forks print."""
        return iostream.IOPubThread(socket, pipe=False, session=session)

    sys.path.append("")  # last, so that a file beside a notebook can be imported and replaces no library
    kernelapp.IOPubThread = without_a_pipe  # type: ignore[assignment,misc]
    parent = int(os.environ.get("JPY_PARENT_PID") or 0)
    kernelapp.IPKernelApp.launch_instance(argv=arguments, parent_handle=parent)


if FOLDER in os.environ:
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    del os.environ["PYTHONSAFEPATH"]
    atexit.register(end_kernels, os.getpid(), os.getppid(), os.environ.pop(FOLDER))
    os.environ |= {**ONE_THREAD, **os.environ, "MPLBACKEND": os.environ.get("MPLBACKEND") or INLINE}
    search_path = list(sys.path)
    stamp = imported()

if __name__ == "__main__":
    run()
