"""Kernels that start warm and talk over sockets only their owner can open.

A kernelspec chooses this by its metadata, so papermill, nbval and Jupyter Book gain
alike; a notebook's own kernelspec stays ``python3``. Forking is used on Linux alone:
elsewhere system libraries may hold threads that a fork breaks. Without it, or with
``HALO_COLD_KERNELS=1``, the kernel is an ordinary one, over the same sockets.
"""

import contextlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
import uuid
from functools import cache
from multiprocessing import util
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from .kernel import ONE_THREAD

log = logging.getLogger(__name__)

PROVISIONER = "halo-warm"
LAUNCHER = ["-P", "-m", "halo_methods.reports.kernel"]
LONGEST_FOLDER = 70
PREFIX, A_DAY = "halo-kernels-", 86400


def warm_is_possible() -> bool:
    """Whether a kernel can be forked here and no ordinary one was asked for."""
    return sys.platform == "linux" and os.environ.get("HALO_COLD_KERNELS", "") in ("", "0")


def warm_up() -> None:
    """Begin importing now what a kernel will need soon; returns at once."""
    if warm_is_possible():
        from .forked import start_server

        with contextlib.suppress(OSError):
            start_server(private_folder(os.getpid()))


def _held(folder: Path) -> int:
    """A lock on a folder that ends with the process, however that ends; an OSError while another process has it."""
    import fcntl

    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return number


def _sweep(beside: Path) -> None:
    """Remove private folders that are a day old and that no process holds."""
    for folder in beside.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.lstat().st_mtime > A_DAY:
                lock = _held(folder)
                shutil.rmtree(folder)
                os.close(lock)


@cache
def private_folder(process: int) -> str:
    """A private folder, gone when the process ends, whose name is short enough for Unix sockets.

    The fork server removes it where the process is killed; where that is killed too, a later process does.
    """
    folder = tempfile.mkdtemp(prefix=PREFIX)
    if len(folder) > LONGEST_FOLDER and sys.platform != "win32":
        os.rmdir(folder)
        folder = tempfile.mkdtemp(prefix=PREFIX, dir="/tmp")
    if sys.platform != "win32":
        _held(Path(folder))
        _sweep(Path(folder).parent)
    util.Finalize(None, shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, exitpriority=-1000)
    return folder


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by forking a process that has its imports behind it."""

    process: Any = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose Unix sockets where there are any, then prepare as usual."""
        manager: Any = self.parent
        if sys.platform != "win32" and manager and manager.transport == "tcp" and not manager._connection_file_written:
            manager.transport, manager.ip = "ipc", f"{private_folder(os.getpid())}/{uuid.uuid4().hex[:8]}"
            manager.connection_file = manager.connection_file or f"{manager.ip}.json"
            manager.cache_ports = False
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or launch an ordinary one when that can't be had."""
        if warm_is_possible() and cmd[1:4] == LAUNCHER and not kwargs.get("independent"):
            try:
                return self._fork(cmd, **kwargs)
            except (AssertionError, EOFError, OSError, RuntimeError, ValueError) as why:
                log.info("an ordinary kernel instead of a warm one: %s", why)
        return await super().launch_kernel(cmd, **kwargs)

    def _fork(self, cmd: list[str], *, cwd: Any = None, env: Any = None, **kwargs: Any) -> KernelConnectionInfo:
        from .forked import Forked, start_server

        start_server(private_folder(os.getpid()))
        files = [kwargs.get(name) or number for name, number in (("stdout", 1), ("stderr", 2))]
        streams = [file if isinstance(file, int) else file.fileno() for file in files]
        self.cwd = cwd or Path.cwd()
        self.process = Forked(cmd, cwd=str(self.cwd), env=dict(env or os.environ), streams=streams)
        self.process.start()
        self.pid = self.pgid = self.process.pid
        return self.connection_info


SPEC: dict[str, Any] = {
    "argv": ["python", *LAUNCHER, "-f", "{connection_file}"],
    "display_name": "Python 3 (HALO, warm)",
    "language": "python",
    "metadata": {"debugger": True, "kernel_provisioner": {"provisioner_name": PROVISIONER}},
}


def install(directory: str | Path) -> Path:
    """Write the kernelspec under `directory`, which is then given as ``JUPYTER_PATH``.

    A process with ``JUPYTER_PATH=directory`` runs every notebook warm, whatever tool drives it.

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
    folder = base / "kernels" / "python3"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(SPEC, indent=1) + "\n", encoding="utf-8")
    return base


def manager_with(environment: dict[str, str]) -> type[AsyncKernelManager]:
    """A manager class that brings its own kernelspec, so that none needs to be installed.

    Its kernels see these variables besides the process's own.
    """

    class ReportKernelManager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(resource_dir="", **SPEC)

        async def _async_pre_start_kernel(self, **kw: Any) -> Any:
            kw["env"] = {**ONE_THREAD, **os.environ, **(kw.get("env") or {}), **environment}
            return await super()._async_pre_start_kernel(**kw)

        pre_start_kernel = _async_pre_start_kernel

    return ReportKernelManager


if __name__ == "__main__":
    print(install(sys.argv[1] if len(sys.argv) > 1 else "_build/jupyter"))
