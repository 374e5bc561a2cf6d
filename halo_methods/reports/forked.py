"""A kernel forked by `multiprocessing`'s fork server, which has the heavy imports behind it. Linux alone."""

import atexit
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, MutableMapping, Sequence
from multiprocessing import context, forkserver, reduction
from types import ModuleType
from typing import Any

from . import kernel

_starting = threading.RLock()


@contextlib.contextmanager
def _replaced(mapping: MutableMapping[str, Any], **values: Any) -> Iterator[None]:
    before = {k: mapping[k] for k in values if k in mapping}
    mapping.update(values)
    try:
        yield
    finally:
        for k in values:
            del mapping[k]
        mapping.update(before)


def start_server(folder: str) -> None:
    """Start this process's fork server, unless it is running; it imports while this process goes on.

    No module is taken from the folder that the user is in. When this process has ended, however it did, the server
    removes the private folder, which holds the sockets of the server and of its kernels.
    """
    multiprocessing.current_process()._config.setdefault("tempdir", folder)  # type: ignore[attr-defined]
    with _starting, _replaced(os.environ, PYTHONSAFEPATH="1", **{kernel.FOLDER: folder}):
        forkserver.set_forkserver_preload([kernel.__name__])
        forkserver.ensure_running()


class Forked(context.ForkServerProcess):
    """A kernel, with the part of ``Popen`` that a kernel manager needs."""

    stdin = stdout = stderr = None

    def __init__(self, command: Sequence[str], *, cwd: str, env: dict[str, str], streams: Sequence[int]):
        super().__init__(name="MainProcess")
        self.command, self.cwd, self.env = list(command), cwd, env
        self.streams: Sequence[Any] = streams

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "streams": [reduction.DupFd(fd) for fd in self.streams]}

    def start(self) -> None:
        """Fork it; `multiprocessing` alone would run the caller's main module again in the kernel."""
        with _starting, _replaced(sys.modules, __main__=ModuleType("__main__")):
            super().start()

    def run(self) -> None:
        """Turn the forked process into the kernel, or into an ordinary one where a fork would not be the same."""
        alive: Any = forkserver._forkserver
        os.close(alive._forkserver_alive_fd)  # so that the server ends with its client, not with its last kernel
        os.setpgid(0, 0)
        for standard, stream in zip((1, 2), self.streams, strict=True):
            os.dup2(stream.detach(), standard)
        os.chdir(self.cwd)
        os.environ.clear()
        os.environ.update(self.env, JPY_PARENT_PID=str(os.getppid()))
        if kernel.stamp != kernel.source_stamp():
            os.execv(self.command[0], self.command)
        multiprocessing.set_start_method(None, force=True)
        time.tzset()
        sys.path[:] = kernel.search_path
        arguments = self.command[self.command.index("-f") :]
        sys.argv = ["ipykernel_launcher", *arguments]
        sys.modules["numpy"].random.seed()
        sys.modules["matplotlib"].rcParams["backend"] = os.environ.get("MPLBACKEND") or kernel.INLINE

        kernel.run(arguments)
        atexit._run_exitfuncs()

    def poll(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        return self.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end and return the exit status."""
        self.join(timeout)
        return self.exitcode

    def send_signal(self, signum: int) -> None:
        """Signal it; nothing once it has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self.pid and self.poll() is None:
                os.kill(self.pid, signum)


@atexit.register
def end_all() -> None:
    """End the kernels of this process; `multiprocessing` would wait for them."""
    for child in multiprocessing.active_children():
        if isinstance(child, Forked) and child.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
