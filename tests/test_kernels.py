"""Warm kernels: the same kernel, sooner, over sockets only its owner can open. Nothing is left when anything ends."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager

from halo_methods.reports import kernel, kernels

PATIENCE = 120  # seconds; nothing waits so long unless it would wait for ever
PACKAGE = Path(kernels.__file__).parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no Unix sockets")
forks = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")


def wait_until(condition):
    """Wait for the event itself, however busy the machine is."""
    while not condition():
        time.sleep(0.05)


def has_ended(process):
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def jupyter(tmp_path, monkeypatch):
    kernels.install(tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path


class Running:
    """A kernel a test talks to."""

    def __init__(self):
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    @property
    def pid(self):
        return self.manager.provisioner.pid

    @property
    def is_warm(self):
        return self.run("import sys; print('pingouin' in sys.modules)") == "True\n"

    def run(self, code):
        """What a cell said; a stream may come in several parts."""
        said = []

        def hook(message):
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] == "error":
                said.append(f"{content['ename']}: {content['evalue']}")
            elif message["msg_type"] == "display_data":
                said.extend(sorted(content["data"]))

        self.client.execute_interactive(code, timeout=PATIENCE, output_hook=hook)
        return "".join(said)


def sockets_of(kernel):
    folder, _, name = kernel.manager.ip.rpartition("/")
    return Path(folder), sorted(p for p in Path(folder).iterdir() if p.name.startswith(name))


@forks
def test_a_warm_kernel_has_its_imports_and_is_private(jupyter):
    with Running() as kernel:
        assert kernel.is_warm
        assert kernel.manager.transport == "ipc"
        folder, sockets = sockets_of(kernel)
        assert not folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        assert [stat.S_ISSOCK(p.stat().st_mode) for p in sockets] == [True] * 5 + [False]
        assert stat.S_IMODE(sockets[-1].stat().st_mode) == 0o600, "the key, in a file of its owner's"
        assert int(kernel.run("import os; print(os.getpid())")) == kernel.pid
    assert not [p for p in sockets if p.exists()]


@pytest.mark.parametrize("cold", ["", "1"])
def test_a_warm_and_an_ordinary_kernel_look_alike(jupyter, monkeypatch, cold):
    monkeypatch.setenv("HALO_COLD_KERNELS", cold)
    monkeypatch.syspath_prepend(str(jupyter))
    with Running() as kernel:
        assert kernel.is_warm == (not cold and sys.platform == "linux")
        assert kernel.manager.transport == "ipc"
        code = """
import gc, multiprocessing, os, signal, sys
print(__name__, sys.argv[1], multiprocessing.current_process().name, multiprocessing.get_start_method(),
      gc.isenabled(), os.getpgid(0) == os.getpid(), signal.getsignal(signal.SIGINT) is signal.default_int_handler,
      sys.path[-1] == "", sys.path.count(""), "HALO_KERNEL_FOLDER" in os.environ, "PYTHONSAFEPATH" in os.environ,
      os.read(0, 1))
"""
        assert kernel.run(code) == (
            f"__main__ -f MainProcess {multiprocessing.get_start_method()} True True True True 1 False False b''\n"
        )
        assert kernel.run(f"print({str(jupyter)!r} in sys.path)") == "False\n"
        kernel.run("import atexit; atexit.register(lambda: open('ended', 'w').close())")
        kernel.run(f"import os; os.chdir({str(jupyter)!r})")
        kernel.manager.shutdown_kernel()
        assert (jupyter / "ended").exists(), "what a cell registers runs at the kernel's end"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("cold", ["", "1"])
def test_a_kernel_listens_on_no_tcp_socket(jupyter, monkeypatch, cold):
    monkeypatch.setenv("HALO_COLD_KERNELS", cold)
    with Running() as kernel:
        kernel.run("import multiprocessing, os")
        assert kernel.run("with multiprocessing.get_context('fork').Pool(2) as p: print(p.map(abs, [-1]))") == "[1]\n"
        processes = [psutil.Process(kernel.pid), *psutil.Process(kernel.pid).children(recursive=True)]
        held = {os.readlink(f) for p in processes for f in Path(f"/proc/{p.pid}/fd").iterdir() if f.is_symlink()}
        tables = [Path(f"/proc/{kernel.pid}/net/{kind}").read_text() for kind in ("tcp", "tcp6")]
        rows = [line.split() for table in tables for line in table.splitlines()]
        assert rows, "the table of sockets was read"
        assert not [row for row in rows if f"socket:[{row[9]}]" in held]


@pytest.mark.parametrize(("held", "days", "name", "there"), [
    (False, 2, "halo-kernels-x", False), (True, 2, "halo-kernels-x", True), (False, 0, "halo-kernels-x", True),
    (False, 2, "halo-data", True),
])  # fmt: skip
def test_what_a_killed_process_left_is_swept_by_a_later_one(tmp_path, held, days, name, there):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "run.ipynb").touch()
    os.utime(folder, (time.time() - days * 86400 - 60,) * 2)
    lock = kernels._held(folder) if held else None
    kernels._sweep(tmp_path)
    assert folder.exists() == there
    if lock:
        os.close(lock)


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
        assert kernel.is_warm
        assert kernel.run(code) == "300000.0 300000.0 216000000.0\n"


@forks
def test_a_warm_kernel_computes_in_one_thread(jupyter, monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with Running() as kernel:
        assert kernel.is_warm
        told = kernel.run("import threadpoolctl; print([p['num_threads'] for p in threadpoolctl.threadpool_info()])")
        assert set(told.strip("[]\n").split(", ")) == {"1"}


@forks
def test_pictures_come_inline_and_pyplot_is_not_shared(jupyter):
    with Running() as kernel:
        assert "image/png" in kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")


@forks
def test_kernels_of_one_server_do_not_share_chance_or_state(jupyter):
    with Running() as one, Running() as other:
        assert one.is_warm
        assert other.is_warm
        assert psutil.Process(one.pid).ppid() == psutil.Process(other.pid).ppid()
        draw = (
            "import random, numpy as np; print(random.random(), np.random.random(), np.random.default_rng().random())"
        )
        assert set(one.run(draw).split()).isdisjoint(other.run(draw).split())
        one.run("y = 2")
        assert "NameError" in other.run("print(y)")


@forks
def test_interrupt_restart_and_shutdown(jupyter):
    with Running() as kernel:
        message = kernel.client.execute("import time; print('begun', flush=True); time.sleep(10 * 60)")
        while kernel.client.get_iopub_msg(timeout=PATIENCE)["content"].get("text") != "begun\n":
            pass
        kernel.manager.interrupt_kernel()
        while True:
            reply = kernel.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message:
                break
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        before = kernel.pid
        kernel.manager.restart_kernel(now=True)
        kernel.client.wait_for_ready(timeout=PATIENCE)
        assert kernel.pid != before
        assert kernel.run("print(6 * 7)") == "42\n"
        kernel.manager.shutdown_kernel()
        assert not kernel.manager.is_alive()


@forks
def test_a_dead_kernel_is_noticed_with_its_status_and_leaves_no_zombie(jupyter):
    with Running() as kernel:
        process = kernel.manager.provisioner.process
        kernel.client.execute("import os; os._exit(7)")
        assert process.wait(PATIENCE) == 7
        assert not kernel.manager.is_alive()
        assert not psutil.pid_exists(process.pid)
        process.send_signal(signal.SIGKILL)
    with Running() as kernel:
        process = kernel.manager.provisioner.process
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL


# ---------------------------------------------------------------- what is left at the end

STARTS_A_KERNEL = r"""
import os, sys, time
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client(); client.start_channels(); client.wait_for_ready()
client.execute_interactive("import subprocess; p = subprocess.Popen(['sleep', '600'])")
client.execute(f"open({sys.argv[1]!r}, 'w').close()\n{sys.argv[2]}")
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
print(manager.provisioner.pid, manager.ip.rpartition("/")[0], flush=True)
sys.stdin.readline()
"""
BUSY = "while True: pass"
BUSY_IN_C = "import re; re.match('(a+)+b', 'a' * 60)"  # no thread of Python's gets a turn


@contextlib.contextmanager
def with_a_kernel(ending, busy, begun):
    """A process that has a kernel, everything under it, and its private folder."""
    command = [sys.executable, "-c", STARTS_A_KERNEL + ending, begun, busy]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            kernel, folder = process.stdout.readline().split()
            below = psutil.Process(process.pid).children(recursive=True)
            assert int(kernel) in {p.pid for p in below}
            assert any(p.name() == "sleep" for p in below)
            assert len(list(Path(folder).iterdir())) == 7, "five sockets, their key, and the server's own"
            yield process, below, Path(folder)
        finally:
            process.kill()


def all_gone(processes, folder):
    return all(map(has_ended, processes)) and not folder.exists()


@forks
@pytest.mark.parametrize(("signum", "busy"), [(signal.SIGKILL, BUSY_IN_C), (signal.SIGTERM, "pass")])
def test_kernels_go_when_whoever_started_them_is_killed(jupyter, signum, busy):
    with with_a_kernel("", busy, jupyter / "begun") as (process, below, folder):
        process.send_signal(signum)
        assert process.wait() == -signum
        wait_until(lambda: all_gone(below, folder))


@forks
@pytest.mark.parametrize("ending", ["", "os._exit(0)"])
def test_kernels_go_when_whoever_started_them_ends(jupyter, ending):
    with with_a_kernel(ending, BUSY, jupyter / "begun") as (process, below, folder):
        process.communicate("\n")
        assert process.returncode == 0
        wait_until(lambda: all_gone(below, folder))


def cut_off():
    """Connect to the fork server and say nothing, which ends it."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(forkserver._forkserver._forkserver_address)


@forks
@pytest.mark.parametrize("how", ["killed", "cut off"])
def test_a_kernel_goes_with_its_server_and_a_new_one_comes(jupyter, how):
    with Running() as kernel:
        running = psutil.Process(kernel.pid)
        server = running.parent()
        assert server
        server.kill() if how == "killed" else cut_off()
        wait_until(lambda: has_ended(running) and has_ended(server))
        wait_until(lambda: not kernel.manager.is_alive())
    with Running() as kernel:
        assert kernel.is_warm


@forks
def test_a_kernel_writes_where_it_is_told(jupyter, tmp_path):
    manager = KernelManager(kernel_name="python3")
    with (tmp_path / "errors").open("w") as errors:
        manager.start_kernel(stderr=errors, stdout=errors.fileno())
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE)
    client.execute_interactive("import os; os.write(1, b'out'); os.write(2, b'err');", timeout=PATIENCE)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    assert (tmp_path / "errors").read_text() == "outerr"


# ---------------------------------------------------------------- whose kernel is not forked


def in_a_copy(tmp_path, monkeypatch, code):
    """Run code against a copy of the package, so that a test may change it."""
    shutil.copytree(PACKAGE, tmp_path / "halo_methods", ignore=shutil.ignore_patterns("__pycache__", "_book"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    setup = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_kernels import *\n"
    done = subprocess.run([sys.executable, "-c", setup + code], capture_output=True, text=True, timeout=4 * PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@forks
def test_a_server_with_a_thread_pool_gives_ordinary_kernels(jupyter, tmp_path, monkeypatch):
    starts = "import polars as pl\npl.DataFrame({'a': [1, 2]}).lazy().group_by('a').len().collect()\n"
    (tmp_path / "seaborn.py").write_text(starts)
    code = """
with Running() as kernel:
    height = kernel.run("import polars as pl; print(pl.DataFrame({'a': [1]}).lazy().collect().height)")
    print(kernel.is_warm, height, type(kernel.manager.provisioner.process).__name__)
"""
    assert in_a_copy(tmp_path, monkeypatch, code) == ["False", "1", "Forked"]


@forks
def test_a_kernel_never_runs_an_older_package(jupyter, tmp_path, monkeypatch):
    code = f"""
for _ in range(2):
    with Running() as kernel:
        print(kernel.is_warm)
        print(kernel.run("import halo_methods; print(halo_methods.__version__)"))
    with open({str(tmp_path / "halo_methods" / "__init__.py")!r}, "a") as file:
        file.write("\\n__version__ = 'changed'\\n")
"""
    said = in_a_copy(tmp_path, monkeypatch, code)
    assert said[0] == "True"
    assert said[1] != "changed"
    assert said[2:] == ["False", "changed"]


@forks
def test_nothing_that_is_imported_beforehand_starts_a_pool():
    code = """
import sys
from halo_methods.reports import kernel
print(kernel.imported() == kernel.source_stamp(), 'polars' in sys.modules, 'pingouin' in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == "True True True\n"


@forks
def test_a_script_without_a_guard_is_not_run_again_and_planted_modules_are_not_run(jupyter, tmp_path):
    for name in ("multiprocessing", "ipykernel", "numpy", "selectors", "halo_methods"):
        (tmp_path / f"{name}.py").write_text("open('planted', 'w').close(); raise SystemExit(9)\n")
    here = tmp_path / "elsewhere"
    here.mkdir()
    script = here / "script.py"
    script.write_text("print('once')\n" + STARTS_A_KERNEL.split("client.execute(")[0] + "manager.shutdown_kernel()\n")
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "JUPYTER_PATH": str(jupyter)}
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, "once\n")
    assert not (tmp_path / "planted").exists()


def _warmth(results):
    with Running() as kernel:
        results.put(kernel.is_warm)


@forks
@pytest.mark.parametrize("daemon", [True, False])
def test_a_forked_process_has_kernels_too(jupyter, daemon):
    kernels.warm_up()
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    process = fork.Process(target=_warmth, args=(results,), daemon=daemon)
    process.start()
    assert results.get(timeout=PATIENCE) is False
    process.join(PATIENCE)
    assert process.exitcode == 0


def test_a_folder_too_long_for_sockets_is_left_aside(tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    folder = kernels.private_folder.__wrapped__(os.getpid())
    assert len(folder) <= kernels.LONGEST_FOLDER
    os.rmdir(folder)
    assert list(deep.iterdir()) == []


def test_the_kernelspec_names_no_machine_path_and_takes_no_module_from_the_folder_a_user_is_in(tmp_path):
    kernels.install(tmp_path)
    text = (tmp_path / "kernels" / "python3" / "kernel.json").read_text()
    assert sys.prefix not in text
    assert '"-P"' in text


def test_importing_what_a_server_imports_changes_nothing():
    assert kernel.stamp is None
    assert kernel.search_path == []
