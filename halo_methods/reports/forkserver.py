"""A process that has the heavy libraries imported and forks a kernel when asked.

It imports only. A thread pool that was started before a fork is dead in the child
and Polars would wait for it for ever, so a server that finds one declines, and an
ordinary kernel is started instead.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FIRST = ("ipykernel.kernelapp", "matplotlib.pyplot", "pandas", "polars", "halo_methods.reports.report")
LATER = (
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
DECLINED = -1
POOLS = ("polars-0", "tokio-rt-worker")


class Declined(Exception):
    """No warm kernel is to be had; an ordinary one will do."""


def preload(modules: Sequence[str]) -> None:
    """Import what can be imported; what can't is the notebook's to report."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def pool_started() -> bool:
    """Whether a thread pool that does not survive a fork is running in this process."""
    for task in Path("/proc/self/task").glob("*/comm"):
        with contextlib.suppress(OSError):
            if task.read_text().strip() in POOLS:
                return True
    return False


def source_stamp() -> int:
    """The newest change in this package, so that a server never serves an older one."""
    package = Path(__file__).resolve().parent.parent
    return max(p.stat().st_mtime_ns for pattern in ("**/*.py", "**/*.yml") for p in package.glob(pattern))


# ---------------------------------------------------------------- the server's side


def _receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    head, fds, _, _ = socket.recv_fds(channel, 4, 4)
    if len(head) < 4:
        return None
    (left,) = struct.unpack(">I", head)
    parts = []
    while left:
        part = channel.recv(left)
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return json.loads(b"".join(parts)), list(fds)


def _reap(children: dict[int, tuple[int, str | None]]) -> None:
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        report, _ = children.pop(pid, (None, None))
        if report is not None:
            with contextlib.suppress(OSError):
                os.write(report, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(report)


def serve(channel: socket.socket, later: Sequence[str] = ()) -> dict[str, Any] | None:
    """Answer requests; return None when the client is gone, or in a child the request it is to serve.

    While nobody asks for anything it imports `later`, one module at a time; it pauses
    after a request that says no other is expected.
    """
    pending = list(later)
    importing = True
    awake, wake = socket.socketpair()
    for end in (awake, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    children: dict[int, tuple[int, str | None]] = {}
    while True:
        busy = importing and bool(pending)
        ready, _, _ = select.select([channel, awake], [], [], 0 if busy else None)
        if busy and not ready:
            preload([pending.pop(0)])
            continue
        if awake in ready:
            awake.recv(4096)
            _reap(children)
        if channel not in ready:
            continue
        try:
            asked = _receive(channel)
        except OSError:
            asked = None
        if asked is None:
            break
        request, (stdin, stdout, stderr, report) = asked
        importing = not request["once"]
        if pool_started():
            pid = DECLINED
            os.close(report)
        else:
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.setpgid(0, 0)
                for end in (channel, awake, wake):
                    end.close()
                for other, _ in children.values():
                    os.close(other)
                os.close(report)
                for target, fd in enumerate((stdin, stdout, stderr)):
                    os.dup2(fd, target)
                    os.close(fd)
                return request
            with contextlib.suppress(OSError):
                os.setpgid(pid, pid)
            children[pid] = (report, request.get("sockets"))
        for fd in (stdin, stdout, stderr):
            os.close(fd)
        channel.sendall(struct.pack(">i", pid))
    for pid, (_, sockets) in children.items():
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        if sockets:
            shutil.rmtree(sockets, ignore_errors=True)
    return None


def become_kernel(request: dict[str, Any]) -> None:
    """Turn this forked process into the kernel that was asked for."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    time.tzset()
    sys.argv = ["ipykernel_launcher", *request["arguments"]]
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = os.environ.get("MPLBACKEND") or INLINE
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(argv=request["arguments"], parent_handle=os.getppid())


def main() -> None:
    """Run the server: ``argv`` is the channel's descriptor, what to import first, and what later."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    gc.disable()
    preload(sys.argv[2].split())
    gc.freeze()
    request = serve(channel, sys.argv[3].split())
    gc.enable()
    if request is not None:
        become_kernel(request)


# ---------------------------------------------------------------- the client's side


class Forked:
    """A kernel another process forked, with the part of ``Popen`` a kernel manager needs."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, report: int):
        self.pid = pid
        self.returncode: int | None = None
        self._report = report
        os.set_blocking(report, False)

    def poll(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        if self.returncode is None:
            try:
                told = os.read(self._report, 64)
            except BlockingIOError:
                return None
            os.close(self._report)
            self.returncode = int(told) if told else -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit status."""
        if self.returncode is None and not select.select([self._report], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, signum: int) -> None:
        """Signal it and what it started; nothing once it has ended."""
        if self.poll() is None:
            os.killpg(self.pid, signum)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The client's handle: starts the server at once, asks it for kernels later."""

    def __init__(self, first: Sequence[str] = FIRST, later: Sequence[str] = LATER):
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(120)
        code = "from halo_methods.reports.forkserver import main; main()"
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, str(theirs.fileno()), " ".join(first), " ".join(later)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                env={**ONE_THREAD, **os.environ, "MPLBACKEND": os.environ.get("MPLBACKEND") or INLINE},
            )

    def fork(
        self,
        arguments: Sequence[str],
        *,
        cwd: str,
        env: dict[str, str],
        stdio: Sequence[int],
        sockets: str | None = None,
        once: bool = False,
    ) -> Forked:
        """A new kernel; raises ``Declined`` when the server can't give one."""
        request = {"arguments": list(arguments), "cwd": cwd, "env": env, "sockets": sockets, "once": once}
        payload = json.dumps(request).encode()
        mine, theirs = os.pipe()
        try:
            socket.send_fds(self._channel, [struct.pack(">I", len(payload))], [*stdio, theirs])
            self._channel.sendall(payload)
            answer = self._channel.recv(4)
        except OSError as problem:
            os.close(mine)
            raise Declined(str(problem)) from problem
        finally:
            os.close(theirs)
        pid = struct.unpack(">i", answer)[0] if len(answer) == 4 else DECLINED
        if pid == DECLINED:
            os.close(mine)
            raise Declined("the server has a thread pool running" if answer else "the server has ended")
        return Forked(pid, mine)

    def close(self) -> None:
        """End the server and every kernel it still has."""
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)


_servers: dict[tuple[int, tuple[str, ...], tuple[str, ...], int], ForkServer] = {}


def server(first: Sequence[str] = FIRST, later: Sequence[str] = LATER) -> ForkServer:
    """This process's server for these modules, started if there is none for the package as it is now."""
    key = (os.getpid(), tuple(first), tuple(later), source_stamp())
    if key not in _servers or _servers[key].process.poll() is not None:
        _servers[key] = ForkServer(first, later)
    return _servers[key]


def close_all() -> None:
    """End this process's servers."""
    for key in [k for k in _servers if k[0] == os.getpid()]:
        _servers.pop(key).close()
