"""Warm kernels: the same kernel, sooner, over sockets only its owner can open."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from halo_methods.reports import forkserver, kernels

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets")
forks = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")


@pytest.fixture
def jupyter(tmp_path, monkeypatch):
    kernels.install(tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path


class Running:
    """A kernel a test talks to."""

    def __init__(self, name="python3", **options):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(stderr=subprocess.DEVNULL if options.get("quiet") else None)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code, timeout=60):
        said = []

        def hook(message):
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] == "error":
                said.append(f"{content['ename']}: {content['evalue']}")
            elif message["msg_type"] == "display_data":
                said.append(sorted(content["data"]))

        self.client.execute_interactive(code, timeout=timeout, output_hook=hook)
        return said[0] if len(said) == 1 else said


@forks
def test_a_warm_kernel_has_its_imports_and_is_private(jupyter):
    with Running() as kernel:
        provisioner = kernel.manager.provisioner
        assert provisioner.warm
        assert kernel.run("import sys; print('pandas' in sys.modules, 'polars' in sys.modules)") == "True True\n"
        assert kernel.manager.transport == "ipc"
        sockets = Path(provisioner.sockets)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert all(stat.S_ISSOCK(p.stat().st_mode) for p in sockets.iterdir())
        assert int(kernel.run("import os; print(os.getpid())")) == provisioner.pid
        assert kernel.run("print(__name__, sys.argv[0].endswith('ipykernel_launcher'))").startswith("__main__")
    assert not sockets.exists()


@forks
def test_polars_arrow_and_blas_compute_in_a_forked_kernel(jupyter):
    code = """
import numpy as np, polars as pl, pandas as pd, pyarrow as pa
n = 300_000
frame = pl.DataFrame({"k": np.arange(n) % 1000, "v": np.ones(n)})
one = frame.lazy().group_by("k").agg(pl.col("v").sum()).sort("k").collect()["v"].sum()
two = pl.from_arrow(pa.Table.from_pandas(pd.DataFrame({"v": np.ones(n)})))["v"].sum()
three = (np.ones((600, 600)) @ np.ones((600, 600))).sum()
print(one, two, three)
"""
    with Running() as kernel:
        assert kernel.manager.provisioner.warm
        assert kernel.run(code) == "300000.0 300000.0 216000000.0\n"


@forks
def test_pictures_come_inline_and_pyplot_is_not_shared(jupyter):
    with Running() as kernel:
        said = kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
        assert "image/png" in (said if isinstance(said[0], str) else said[-1])


@forks
def test_kernels_of_one_server_do_not_share_chance_or_state(jupyter):
    with Running() as one, Running() as other:
        assert one.manager.provisioner.warm
        assert other.manager.provisioner.warm
        draw = (
            "import random, numpy as np; print(random.random(), np.random.random(), np.random.default_rng().random())"
        )
        assert set(one.run(draw).split()).isdisjoint(other.run(draw).split())
        assert "NameError" in "".join(map(str, [other.run("print(y)"), one.run("y = 2")]))


@forks
def test_interrupt_restart_and_shutdown(jupyter):
    with Running() as kernel:
        message = kernel.client.execute("import time; time.sleep(60)")
        time.sleep(1)
        started = time.monotonic()
        kernel.manager.interrupt_kernel()
        while True:
            reply = kernel.client.get_shell_msg(timeout=20)
            if reply["parent_header"].get("msg_id") == message:
                break
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert time.monotonic() - started < 10
        before = kernel.manager.provisioner.pid
        kernel.manager.restart_kernel(now=True)
        kernel.client.wait_for_ready(timeout=60)
        assert kernel.manager.provisioner.pid != before
        assert kernel.run("print(6 * 7)") == "42\n"
        kernel.manager.shutdown_kernel()
        assert not kernel.manager.is_alive()


@forks
def test_a_dead_kernel_is_noticed_with_its_status_and_leaves_no_zombie(jupyter):
    with Running() as kernel:
        process = kernel.manager.provisioner.process
        kernel.client.execute("import os; os._exit(7)")
        assert process.wait(20) == 7
        assert not kernel.manager.is_alive()
        assert not Path(f"/proc/{process.pid}").exists()
        process.send_signal(signal.SIGKILL)
    with Running() as kernel:
        process = kernel.manager.provisioner.process
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL


@forks
def test_kernels_go_when_whoever_started_them_goes(jupyter):
    code = """
import os, sys
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client(); client.start_channels(); client.wait_for_ready(timeout=60)
print(manager.provisioner.pid, manager.provisioner.sockets, flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=True)
    pid, sockets = done.stdout.split()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and (Path(f"/proc/{pid}").exists() or Path(sockets).exists()):
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()
    assert not Path(sockets).exists()


@forks
def test_a_server_with_a_thread_pool_declines_and_an_ordinary_kernel_comes(jupyter, tmp_path, monkeypatch):
    (tmp_path / "starts_a_pool.py").write_text(
        "import polars as pl\npl.DataFrame({'a': [1, 2]}).lazy().group_by('a').len().collect()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = forkserver.ForkServer(["starts_a_pool"], [])
    try:
        with open(os.devnull) as nothing, pytest.raises(forkserver.Declined, match="thread pool"):
            server.fork([], cwd="/", env={}, stdio=[nothing.fileno()] * 3)
    finally:
        server.close()
    monkeypatch.setattr(forkserver, "server", lambda *_: declining())
    with Running() as kernel:
        assert not kernel.manager.provisioner.warm
        assert kernel.run("import polars as pl; print(pl.DataFrame({'a': [1]}).height)") == "1\n"


@forks
def test_nothing_that_is_imported_beforehand_starts_a_pool():
    code = (
        "from halo_methods.reports.forkserver import *; preload([*FIRST, *LATER]); "
        "import sys; print(pool_started(), 'polars' in sys.modules, 'pingouin' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=True)
    assert done.stdout == "False True True\n"


def declining():
    raise forkserver.Declined("for the test")


def test_cold_when_asked_and_still_private(jupyter, monkeypatch):
    monkeypatch.setenv("HALO_COLD_KERNELS", "1")
    with Running() as kernel:
        assert not kernel.manager.provisioner.warm
        assert kernel.manager.transport == "ipc"
        assert kernel.run("print(1 + 1)") == "2\n"


def test_a_directory_too_long_for_sockets_is_left_aside(tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    made = kernels.socket_directory()
    assert made is not None
    assert len(made) + len("/k-9") <= kernels.LONGEST_SOCKET
    os.rmdir(made)
    assert list(deep.iterdir()) == []


def test_the_server_is_a_new_one_when_the_package_has_changed(monkeypatch):
    made = []
    monkeypatch.setattr(forkserver, "_servers", {})
    monkeypatch.setattr(forkserver, "ForkServer", lambda *_: made.append(1) or FakeServer())
    monkeypatch.setattr(forkserver, "source_stamp", lambda: 1)
    assert forkserver.server() is forkserver.server()
    monkeypatch.setattr(forkserver, "source_stamp", lambda: 2)
    forkserver.server()
    assert len(made) == 2


class FakeServer:
    class process:
        @staticmethod
        def poll():
            return None


def test_three_kernelspecs_and_no_machine_path(tmp_path):
    kernels.install(tmp_path)
    found = {p.parent.name: p.read_text() for p in tmp_path.glob("kernels/*/kernel.json")}
    assert sorted(found) == ["halo", "halo-warm", "python3"]
    assert all(sys.prefix not in text for text in found.values())
    assert "provisioner" not in found["halo"]
