"""What the repository promises of itself: a lock an environment, one version, one name a topic, no machine's paths."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from size import code_lines

import halo_methods

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKED = ("requirements.lock", "requirements-tools.lock", "requirements-tools-bare.lock")
LOCKS = {name: (ROOT / name).read_text(encoding="utf-8") for name in LOCKED}
NOTEBOOKS = sorted((ROOT / "book" / "chapters").glob("*/*.ipynb"))
PARTS = {
    "purpose": "purpose alignment roles",
    "frameworks": "rubric scales taxonomy escalation guideline_changes",
    "systems": "scorecard regression monitoring preference spans trajectory",
    "pipelines": "task_design qa_gates aggregation adjudication audit assisted_annotation data_handling",
    "data": "datasets scenarios llm_judge",
    "calibration": "agreement calibration calibration_round certification disagreement drift gold which_coefficient",
    "workforce": "vendors workforce exposure integrity wbr rater planning simulation wellbeing_and_pay rater_day_one",
    "decisions": "error_analysis experiments launch",
    "tools": "tooling reporting",
    "use": "reading_scores",
    "people": "rater_path rater_path_fr rater_path_de rater_path_es rater_path_pt onboarding junior_path mentoring "
    "manager_path method_intake",
    "markets": "markets fr-FR de-DE es-ES pt-BR",
}
INPUTS = {"judgments", "pairs", "spans", "steps", "reports", "attempts", "none"}


def declared() -> list[tuple[str, Requirement]]:
    """Each requirement with the lock that must hold it."""
    project = PROJECT["project"]
    texts = [*project["dependencies"]]
    for group in (*project["optional-dependencies"].values(), *PROJECT["dependency-groups"].values()):
        texts += group
    listed = {"requirements.lock": texts}
    for lock in LOCKED[1:]:
        lines = (ROOT / lock).with_suffix(".in").read_text(encoding="utf-8").splitlines()
        listed[lock] = [line for line in lines if not line.startswith("#")]
    return [(lock, Requirement(text)) for lock, held in listed.items() for text in held]


def locked(lock: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCKS[lock], re.M)
    return {canonicalize_name(name): version for name, version in pins}


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(("lock", "requirement"), declared(), ids=lambda r: getattr(r, "name", ""))
def test_each_declared_dependency_is_locked_and_explained(lock, requirement):
    version = locked(lock).get(canonicalize_name(requirement.name))
    assert version is not None, f"{requirement.name} is not in {lock}: make lock"
    assert requirement.specifier.contains(version, prereleases=True)
    assert f"`{requirement.name}`" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_contributing_explains_no_dependency_that_is_gone():
    rows = re.findall(r"^\| `([\w.-]+)`(?: \(\w+\))? \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M)
    assert sorted(map(canonicalize_name, rows)) == sorted(canonicalize_name(r.name) for _, r in declared())


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_a_hash_for_each_package_and_names_no_host(lock):
    assert "://" not in LOCKS[lock]
    assert "--index-url" not in LOCKS[lock]
    for block in re.split(r"\n(?=[\w.-]+==)", LOCKS[lock])[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_environment_pins_python_and_takes_everything_else_from_the_lock():
    *conda, pip = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert [entry.split("=")[0] for entry in conda] == ["python", "pip"]
    assert re.fullmatch(r"python=3\.1[123]", conda[0])
    assert pip == {"pip": ["--require-hashes", "-r requirements.lock"]}


def test_makefile_installs_from_the_locks_alone_and_writes_each():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = re.findall(r"pip install .*", makefile)
    installs = [line for line in installs if "uv" not in line]
    assert len(installs) == 4
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert "--no-deps --no-build-isolation -e ." in installs[1]
    assert "--require-hashes -r $<" in installs[2]
    assert "--require-hashes --no-deps -r requirements-tools-bare.lock" in installs[3]
    assert re.search(r"^\$\(TOOLS\): requirements-tools.lock requirements-tools-bare.lock ", makefile, re.M)
    written = re.findall(r"^\tuv pip compile .*--generate-hashes --no-emit-index-url .*-o (\S+)$", makefile, re.M)
    assert written == list(LOCKS)


def test_continuous_integration_runs_what_the_readme_opens_with():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    opening = re.findall(r"^    (make \w+)", readme, re.M)[:2]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert opening == ["make book", "make test"]
    assert "set -euo pipefail" in script
    assert [line for line in script.splitlines() if line in opening] == ["make book", "make book", "make test"]
    assert "make tools" in script.splitlines()
    assert "bash .ci/run" in (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")


def test_versions_agree():
    newest = re.search(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert newest is not None
    assert newest[1] == halo_methods.__version__ == importlib.metadata.version("halo-methods")


def test_nothing_tracked_names_a_registry_or_a_path_of_one_machine():
    hosts = ["pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "deb" + ".debian.org"]
    paths = r"(?<![\w.\]/])/(?:work|root|home/\w+|Users/\w+)/"
    pattern = re.compile("|".join([*map(re.escape, hosts), paths]))
    faults = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if found := pattern.search(text):
            faults.append(f"{path.relative_to(ROOT)}: {found[0]}")
    assert not faults


def test_modules_stay_readable():
    """At most 300 lines of code, docstrings left out: what is longer is two modules."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / "halo_methods").rglob("*.py"))
        if (lines := code_lines(path.read_text(encoding="utf-8"))) > 300
    }
    assert not long


def test_a_topic_has_one_name_in_every_room():
    files = [path for path in (ROOT / "book" / "chapters").glob("*/*") if path.suffix in (".md", ".ipynb")]
    chapters = {path.stem: path for path in files}
    assert len(chapters) == len(files), "two chapters share a name"
    part_of = {topic: part for part, topics in PARTS.items() for topic in topics.split()}
    for name, path in chapters.items():
        assert path.parent.name == part_of[name]
    package = ROOT / "halo_methods"
    for standards in sorted((package / "standards").glob("*.yml")):
        content = yaml.safe_load(standards.read_text(encoding="utf-8"))
        assert content["topic"] == standards.stem
        assert content["part"] == part_of[standards.stem]
    for method in sorted(package.iterdir()):
        if method.stem in part_of and method.suffix in ("", ".py"):
            assert (ROOT / "tests" / f"test_{method.stem}.py").is_file(), f"{method.stem} has no tests"
    for notebook in NOTEBOOKS:
        halo = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["halo"]
        if halo["input"] != "none":
            sample = halo.get("sample", notebook.stem)
            assert (ROOT / "data" / "samples" / f"{sample}.csv").is_file(), f"{notebook.stem} has no sample"


def test_samples_are_described():
    described = (ROOT / "data" / "samples" / "README.md").read_text(encoding="utf-8")
    samples = [path for path in (ROOT / "data" / "samples").iterdir() if path.name != "README.md"]
    assert samples
    for path in samples:
        assert path.name in described, f"{path.name} has no source, licence and columns in data/samples/README.md"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_in_the_form_that_book_and_report_share(notebook):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    metadata = content["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["halo"]["input"] in INPUTS
    assert not {"papermill", "widgets"} & set(metadata)
    parameters = [cell for cell in content["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    assert [cell["cell_type"] for cell in parameters] == ["code"]
    for cell in content["cells"]:
        assert not {"execution", "papermill", "collapsed", "scrolled"} & set(cell["metadata"])
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"
            assert "image/svg+xml" not in output.get("data", {})


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy so that nothing of an earlier build slips in."""
    copy = tmp_path_factory.mktemp("source")
    skip = shutil.ignore_patterns("__pycache__", "_book", ".ipynb_checkpoints")
    for folder in (
        "halo_methods",
        "book/chapters",
        "data/samples",
        "data/rubrics",
        "data/exercises",
        "data/templates",
        "benchmarks/results",
    ):
        shutil.copytree(ROOT / folder, copy / folder, ignore=skip)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out), "."]
    subprocess.run([sys.executable, "-m", "pip", *build], cwd=copy, check=True, capture_output=True, timeout=300)
    (built,) = out.glob("*.whl")
    return built


def test_wheel_carries_reports_samples_standards_and_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "halo_methods/py.typed" in names
    kinds = [
        *(("standards", kind) for kind in (".yml", ".json", ".j2")),
        ("standards/plans", ".yml"),
        ("reports", ".j2"),
        ("reports", ".css"),
    ]
    for folder, suffix in kinds:
        for path in (ROOT / "halo_methods" / folder).glob(f"*{suffix}"):
            assert f"halo_methods/{folder}/{path.name}" in names
    for notebook in NOTEBOOKS:
        assert f"halo_methods/_book/chapters/{notebook.parent.name}/{notebook.name}" in names
    for sample in (ROOT / "data" / "samples").glob("*.csv"):
        assert f"halo_methods/_book/samples/{sample.name}" in names
    for rubric in (ROOT / "data" / "rubrics").glob("*.yml"):
        assert f"halo_methods/_book/rubrics/{rubric.name}" in names
    for exercise in (ROOT / "data" / "exercises").glob("*.ipynb"):
        assert f"halo_methods/_book/exercises/{exercise.name}" in names
    for template in (ROOT / "data" / "templates").glob("*.md"):
        assert f"halo_methods/_book/templates/{template.name}" in names
    for table in (ROOT / "benchmarks" / "results").glob("*.csv"):
        assert f"halo_methods/_book/results/{table.name}" in names


def test_report_runs_where_only_the_wheel_is_installed(wheel, tmp_path):
    place = tmp_path / "site"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(place), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True, timeout=300)
    data = tmp_path / "mine.csv"
    shutil.copyfile(ROOT / "data" / "samples" / "calibration.csv", data)
    code = "import halo_methods, sys; print(halo_methods.__file__); from halo_methods.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "report", "calibration", "--data", str(data), "--out", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(place), "IPYTHONDIR": str(tmp_path / "ipython")}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert str(place) in run.stdout.splitlines()[0]
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {f"calibration.{s}" for s in ("html", "ipynb", "json")}


def test_import_is_quick():
    def seconds(statement):
        script = f"import time; t = time.perf_counter(); import numpy; {statement}; print(time.perf_counter() - t)"
        runs = [
            subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True) for _ in "123"
        ]
        return min(float(run.stdout) for run in runs)

    assert seconds("import halo_methods") - seconds("pass") < 0.3


def test_a_page_that_is_sent_away_loads_nothing():
    """Each whole page of the package has a policy under which a browser fetches nothing and sends no form."""
    whole = [f for f in (ROOT / "halo_methods").rglob("*.html.j2") if "<!doctype" in f.read_text("utf-8").lower()]
    assert len(whole) >= 6
    for file in whole:
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', file.read_text("utf-8"))
        assert policy, file.name
        assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= set(policy[1].split("; ")), file.name


def test_actions_are_named_by_commit():
    """A tag can be moved to other code; the version stands beside the commit for people."""
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        for used in re.findall(r"uses:\s*(.+)", file.read_text("utf-8")):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used
