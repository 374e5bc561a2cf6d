"""What the fork server of `kernels` does before its first fork: `multiprocessing` imports this module there.

It imports only. A thread pool that was started before a fork is dead in the child, and Polars would wait for it for
ever. Where one is found, and where the package has changed since, a forked process becomes an ordinary kernel.
"""

import atexit
import contextlib
import gc
import importlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

FOLDER = "HALO_KERNEL_FOLDER"
MODULES = (
    "halo_methods.reports.kernel",
    "matplotlib.pyplot",
    "pandas",
    "polars",
    "halo_methods.reports.report",
    "halo_methods.judgments",
    "halo_methods.agreement",
    "halo_methods.calibration",
    "halo_methods.standards",
    "halo_methods.plots",
    "seaborn",
    "scipy.stats",
    "pingouin",
)
INLINE = "module://matplotlib_inline.backend_inline"
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1"
}  # threads that wait for each other make small matrices many times slower on a busy machine
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
    for name in MODULES:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    gc.enable()
    return None if pool_started() else newest


def end_kernels(server: int, client: int, folder: str) -> None:
    """End every kernel of a server that ends, and remove the private folder once its client has ended too."""
    import psutil

    if os.getpid() != server:
        return
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    deadline = time.monotonic() + 5
    while os.getppid() == client and time.monotonic() < deadline:
        time.sleep(0.02)
    if os.getppid() != client:
        shutil.rmtree(folder, ignore_errors=True)


if FOLDER in os.environ:
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    del os.environ["PYTHONSAFEPATH"]
    atexit.register(end_kernels, os.getpid(), os.getppid(), os.environ.pop(FOLDER))
    os.environ |= {**ONE_THREAD, **os.environ, "MPLBACKEND": os.environ.get("MPLBACKEND") or INLINE}
    search_path = list(sys.path)
    stamp = imported()
