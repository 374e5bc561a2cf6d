"""Kernels that start warm and talk over sockets only their owner can open.

A kernelspec chooses this by its metadata, so papermill, nbval and Jupyter Book gain
alike; a notebook's own kernelspec stays ``python3``. Forking is used on Linux alone:
elsewhere system libraries may hold threads that a fork breaks. Without it, or with
``HALO_COLD_KERNELS=1``, the kernel is an ordinary one, over the same sockets.
"""

import atexit
import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, List, Unicode

from . import forkserver

log = logging.getLogger(__name__)

PROVISIONER = "halo-warm"
LAUNCHER = ["-m", "ipykernel_launcher"]
LONGEST_SOCKET = 100


def warm_is_possible() -> bool:
    """Whether a kernel can be forked here and nobody asked for an ordinary one."""
    return sys.platform == "linux" and os.environ.get("HALO_COLD_KERNELS", "") in ("", "0")


def warm_up() -> None:
    """Begin importing now what a kernel will need soon; returns at once."""
    if warm_is_possible():
        forkserver.server()


def socket_directory() -> str | None:
    """A new private directory whose name is short enough for a Unix socket, or None."""
    if sys.platform == "win32":
        return None
    for parent in (None, "/tmp"):
        with contextlib.suppress(OSError):
            made = tempfile.mkdtemp(prefix="halo-", dir=parent)
            if len(made) + len("/k-9") <= LONGEST_SOCKET:
                return made
            os.rmdir(made)
    return None


def _descriptor(given: Any, standard: int) -> int:
    if given is None:
        return standard
    if given == subprocess.DEVNULL:
        raise forkserver.Declined("a stream is redirected by number")
    return given if isinstance(given, int) and given >= 0 else given.fileno()


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by forking a process that has its imports behind it."""

    first: Any = List(Unicode(), default_value=list(forkserver.FIRST), config=True)
    later: Any = List(Unicode(), default_value=list(forkserver.LATER), config=True)
    once: Any = Bool(False, config=True)
    process: Any = None
    sockets: str | None = None
    warm = False

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose Unix sockets where there are any, then prepare as usual."""
        manager: Any = self.parent
        if manager is not None and manager.transport == "tcp" and not manager._connection_file_written:
            self.sockets = socket_directory()
            if self.sockets:
                manager.transport, manager.ip = "ipc", f"{self.sockets}/k"
                manager.cache_ports = False
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or launch an ordinary one when that can't be had."""
        if warm_is_possible() and cmd[1:3] == LAUNCHER and not kwargs.get("independent"):
            try:
                return self._fork(cmd[3:], **kwargs)
            except (forkserver.Declined, OSError, ValueError) as why:
                log.info("an ordinary kernel instead of a warm one: %s", why)
        self.warm = False
        return await super().launch_kernel(cmd, **kwargs)

    def _fork(self, arguments: list[str], **kwargs: Any) -> KernelConnectionInfo:
        with open(os.devnull) as nothing:
            stdio = [nothing.fileno(), *(_descriptor(kwargs.get(k), n) for k, n in (("stdout", 1), ("stderr", 2)))]
            self.process = forkserver.server(self.first, self.later).fork(
                arguments,
                cwd=str(kwargs.get("cwd") or Path.cwd()),
                env=dict(kwargs.get("env") or os.environ),
                stdio=stdio,
                sockets=self.sockets,
                once=self.once,
            )
        self.warm = True
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel's group; a kernel that has ended gets nothing."""
        if self.process is not None and self.process.poll() is None:
            await super().send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Give back what the kernel held, its sockets included."""
        await super().cleanup(restart=restart)
        manager: Any = self.parent
        if self.sockets and not restart:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets = None
            if manager is not None:
                manager.transport, manager.ip = "tcp", "127.0.0.1"
                for port in ("shell", "iopub", "stdin", "hb", "control"):
                    setattr(manager, f"{port}_port", 0)


def spec(*, warm: bool = True, once: bool = False) -> dict[str, Any]:
    """A kernelspec as the text of ``kernel.json`` says it.

    Examples
    --------
    >>> spec()["metadata"]["kernel_provisioner"]["provisioner_name"]
    'halo-warm'
    """
    metadata: dict[str, Any] = {"debugger": True}
    if warm:
        metadata["kernel_provisioner"] = {"provisioner_name": PROVISIONER, "config": {"once": True} if once else {}}
    return {
        "argv": ["python", *LAUNCHER, "-f", "{connection_file}"],
        "display_name": "Python 3 (HALO, warm)" if warm else "Python 3 (HALO)",
        "language": "python",
        "metadata": metadata,
    }


def install(directory: str | Path) -> Path:
    """Write kernelspecs under `directory`, which is then given as ``JUPYTER_PATH``.

    ``python3`` and ``halo-warm`` start warm, ``halo`` is an ordinary kernel. A process
    with ``JUPYTER_PATH=directory`` runs every notebook warm, whatever tool drives it.

    Parameters
    ----------
    directory : str or Path
        Created if missing.

    Returns
    -------
    Path
        The directory, absolute.
    """
    base = Path(directory).resolve()
    for name, warm in (("python3", True), ("halo-warm", True), ("halo", False)):
        folder = base / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernel.json").write_text(json.dumps(spec(warm=warm), indent=1) + "\n", encoding="utf-8")
    return base


class ReportKernelManager(AsyncKernelManager):
    """A manager that brings its own kernelspec, so that none needs to be installed."""

    environment: dict[str, str] = {}  # noqa: RUF012
    once = False

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(resource_dir="", **spec(once=self.once))

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        kw["env"] = {**forkserver.ONE_THREAD, **os.environ, **(kw.get("env") or {}), **self.environment}
        return await super()._async_pre_start_kernel(**kw)

    pre_start_kernel = _async_pre_start_kernel


def manager_with(environment: dict[str, str], *, once: bool) -> type[ReportKernelManager]:
    """A manager class whose kernels see these variables besides the process's own.

    `once` says that no other kernel is expected soon, so nothing more is imported for one.
    """
    return type("ReportKernelManager", (ReportKernelManager,), {"environment": dict(environment), "once": once})


if sys.platform != "win32":
    atexit.register(forkserver.close_all)


if __name__ == "__main__":
    print(install(sys.argv[1] if len(sys.argv) > 1 else "_build/jupyter"))
