"""Fixtures for every test."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine must not fail a property. `make test` runs a fixed slice of each, `make verify` new examples.
settings.register_profile("halo", deadline=None, derandomize="HALO_FUZZ_EXAMPLES" not in os.environ)
settings.load_profile("halo")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def datasets() -> Callable[[str], Path]:
    """The path of a published data set that is not part of the project; skips where it is absent."""

    def path(name: str) -> Path:
        file = ROOT.parent / "shared" / "datasets" / name
        if not file.exists():
            pytest.skip(f"the data set {name} is not at ../shared/datasets")
        return file

    return path


@pytest.fixture(scope="session")
def tools_python() -> Path:
    """Python with the annotation and evaluation tools; skips where `make tools` has not made it."""
    if not (ROOT / "_build/env-tools/.installed").is_file():
        pytest.skip("no annotation and evaluation tools in _build/env-tools: make tools")
    return ROOT / "_build/env-tools/bin/python"


@pytest.fixture(autouse=True)
def no_section_stops_at_an_error_of_ours(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture):
    """A report goes on after an error inside a section; no test does, unless it is about that."""
    yield
    stopped = [r.getMessage() for r in caplog.get_records("call") if r.name == "halo_methods.reports.runner"]
    stopped = [text for text in stopped if "stopped at an error of ours" in text]
    assert not stopped or "stops_at_errors" in request.keywords, stopped


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Writes text or bytes to a file of some name."""

    def write(content: str | bytes, name: str = "export.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the project."""
    return ROOT
