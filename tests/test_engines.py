"""The same data on every engine gives the same counts and the same agreement."""

import csv
import importlib.util
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import halo_methods as halo
from halo_methods import agreement
from halo_methods.errors import BadOption, HaloError, InvalidData, NotEstimable
from halo_methods.judgments import counts
from halo_methods.judgments.engines import by_column, scan_judgments

SCALE = ["1", "2", "3", "4", "5"]
ENGINES = ("pandas", "polars", "polars lazy", "arrow", "duckdb", "parquet", "spark")
MEASURES = (agreement.krippendorff_alpha, agreement.gwet_ac, agreement.fleiss_kappa)


def rows(items: int = 120, raters: int = 6, seed: int = 7) -> pl.DataFrame:
    """Three judgments in ten were never made; of those made some have no label, some are reviews."""
    rng = np.random.default_rng(seed)
    made = []
    for item in range(items):
        truth = rng.integers(1, 5)
        for rater in range(raters):
            if rng.random() < 0.7:
                label = None if rng.random() < 0.05 else str(truth if rng.random() < 0.7 else rng.integers(1, 5))
                made.append((f"i{item}", f"r{rater}", label, "label"))
        made.append((f"i{item}", "lead", str(truth), "review"))
    return pl.DataFrame(made, schema=["task", "rater_id", "label", "stage"], orient="row")


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return rows()


@pytest.fixture(scope="module")
def spark():
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: Spark is not tested; `make tools` installs it")
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: pip install 'halo-methods[engines]'")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.memory": "512m",
        # A session of seconds: compiling for long runs would take most of it.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
    }
    session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def held(request: pytest.FixtureRequest, frame: pl.DataFrame, tmp_path: Path):
    """The data as one engine holds it."""
    if request.param in ("parquet", "spark"):
        half = len(frame) // 2
        frame[:half].write_parquet(tmp_path / "a.parquet")
        frame[half:].write_parquet(tmp_path / "b.parquet")
    if request.param == "spark":
        return request.getfixturevalue("spark").read.parquet(str(tmp_path))
    if request.param == "duckdb":
        return pytest.importorskip("duckdb").from_arrow(frame.to_arrow())
    if request.param == "parquet":
        pytest.importorskip("duckdb")
        return tmp_path
    return {"pandas": frame.to_pandas, "polars lazy": frame.lazy, "arrow": frame.to_arrow}.get(
        request.param, lambda: frame
    )()


@pytest.mark.parametrize("held", ENGINES, indirect=True)
def test_every_engine_counts_the_same(held, frame):
    whole = halo.as_judgments(frame, columns={"item_id": "task"}, scale=SCALE, level="ordinal").one()
    made = scan_judgments(held, columns={"item_id": "task"}, scale=SCALE, level="ordinal")
    assert (made.n_items, made.n_raters, made.n_judgments) == (whole.n_items, whole.n_raters, whole.n_judgments)
    assert made.labels == whole.labels
    assert (made.source.rows_read, made.source.dropped) == (whole.source.rows_read, whole.source.dropped)
    a, b = counts.patterns(whole), counts.patterns(made)
    assert np.array_equal(a.table, b.table)
    assert np.array_equal(a.frequency, b.frequency)
    a, b = counts.rater_patterns(whole), counts.rater_patterns(made)
    assert a.raters == b.raters
    for part in ("rater", "label", "pattern", "count"):
        assert np.array_equal(getattr(a, part), getattr(b, part))
    for measure in MEASURES:
        for over in ("items", "items and raters"):
            x, y = measure(whole, over=over), measure(made, over=over)
            assert (y.value, y.low, y.high) == pytest.approx((x.value, x.low, x.high), abs=1e-9)
            assert (x.n_items, x.n_raters, x.n_judgments, x.method, x.cautions) == (
                y.n_items, y.n_raters, y.n_judgments, y.method, y.cautions
            )  # fmt: skip


def table(made: list[tuple], columns: tuple[str, ...] = ("item_id", "rater_id", "label")) -> pl.DataFrame:
    return pl.DataFrame(made, schema=list(columns), orient="row")


def test_numbers_as_labels_and_identifiers_are_their_texts():
    made = [(i, r, float(1 + (i * r) % 3)) for i in range(9) for r in range(3)]
    counted = scan_judgments(table(made), level="interval")
    assert counted.labels == ("1", "2", "3")
    whole = halo.as_judgments(table(made), level="interval")
    for over in ("items", "items and raters"):
        x, y = (agreement.krippendorff_alpha(j, over=over) for j in (whole, counted))
        assert (y.value, y.low, y.high) == pytest.approx((x.value, x.low, x.high), abs=1e-9)


@pytest.mark.parametrize("of", ["pandas", "polars"])
def test_categories_and_gaps_in_numbers(of):
    texts = table([("a", "x", "1"), ("a", "y", "2"), ("b", "x", "1"), ("b", "y", "1")]).with_columns(
        pl.all().cast(pl.Categorical)
    )
    gaps = table([("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", 1.0), ("b", "y", 1.0), ("b", "z", None)])
    for frame in (texts, gaps):
        counted = scan_judgments(frame if of == "polars" else frame.to_pandas(), level="nominal")
        assert counted.patterns.table.tolist() == [[2, 0], [1, 1]]
        assert counted.labels == ("1", "2")
    assert counted.source.dropped == {"empty label": 1}


def test_rounds_are_separate_units():
    made = [("a", "x", "1", 1), ("a", "x", "0", 2), ("a", "y", "1", 1), ("a", "y", "1", 2), ("b", "x", "1", None)]
    frame = table(made, ("item_id", "rater_id", "label", "round"))
    whole, counted = halo.as_judgments(frame, level="nominal"), scan_judgments(frame, level="nominal")
    assert np.array_equal(counts.patterns(whole).table, counted.patterns.table)
    assert (counted.n_items, counted.patterns.frequency.sum()) == (2, 3)


def test_missing_labels_are_dropped_and_counted():
    made = [("a", "x", "1"), ("a", "y", "2"), ("b", "x", " "), ("b", "y", None), ("c", "x", "junk"), ("c", "y", "1")]
    counted = scan_judgments(table(made), missing=["junk"], level="nominal")
    assert counted.source.dropped == {"empty label": 2, "label 'junk' taken as missing": 1}
    assert (counted.source.rows_read, counted.source.rows_used, counted.n_items) == (6, 3, 2)


def test_a_repeated_judgment_is_refused():
    made = [("a", "x", "1"), ("a", "x", "2"), ("a", "y", "2")]
    with pytest.raises(InvalidData, match="2 rows have the same item_id, rater_id: 'a', 'x'"):
        scan_judgments(table(made))


@pytest.mark.parametrize(
    ("made", "options", "error", "said"),
    [
        ([("a", "x", "1")], {"columns": {"item_id": "task"}}, InvalidData, "there is no column 'task'"),
        ([("a", "x", "9"), ("a", "y", "1")], {"scale": ["1", "2"]}, InvalidData, "'9' is outside the scale, in 1 rows"),
        ([("a", "", "1"), ("a", "y", "1")], {}, InvalidData, "column rater_id: the cell is empty in 1 rows"),
        ([(" ", "x", "1"), ("a", "y", "1")], {}, InvalidData, "column item_id: the cell is empty in 1 rows"),
        ([("a", "x", "good")], {"level": "ordinal"}, InvalidData, "have no known order"),
        ([("a", "x", None)], {}, NotEstimable, "no judgment"),
        ([("a", f"r{k}", str(k)) for k in range(65)], {}, NotEstimable, "65 distinct labels are too many"),
        ([("a", "x", "1")], {"scale": (0, 5)}, BadOption, "scale is a range"),
        ([("a", "x", "1")], {"level": "cardinal"}, BadOption, "level is 'cardinal'"),
    ],
)
def test_what_cannot_be_counted_is_refused(made, options, error, said):
    with pytest.raises(error, match=said):
        scan_judgments(table(made), **options)


def test_several_criteria_or_stages_are_refused():
    made = [("a", "x", "1", "tone"), ("a", "x", "2", "style")]
    with pytest.raises(NotEstimable, match="2 criteria: style, tone"):
        scan_judgments(table(made, ("item_id", "rater_id", "label", "criterion")))
    made = [("a", "x", "1", "audit"), ("a", "x", "2", "review")]
    with pytest.raises(NotEstimable, match="2 stages: audit, review"):
        scan_judgments(table(made, ("item_id", "rater_id", "label", "stage")))


def test_a_path_that_cannot_be_counted(tmp_path):
    (tmp_path / "export.csv").write_text("item_id\n")
    with pytest.raises(HaloError, match=r"export\.csv is not named as Parquet"):
        scan_judgments(tmp_path / "export.csv")
    with pytest.raises(HaloError, match="cannot be opened"):
        scan_judgments(tmp_path / "absent.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    with pytest.raises(HaloError, match="cannot be opened"):
        scan_judgments(tmp_path / "torn.parquet")
    with pytest.raises(HaloError, match="is of type int"):
        scan_judgments(5)


def test_counts_say_what_they_cannot_give():
    counted = scan_judgments(table([("a", "x", "1"), ("a", "y", "2")]))
    assert counted.one() is counted
    with pytest.raises(NotEstimable, match="a frame was counted where it is"):
        agreement.cohen_kappa(counted, "x", "y")


def test_memory_and_temporary_files_are_where_they_are_told(tmp_path):
    pytest.importorskip("duckdb")
    rows(40).rename({"task": "item_id"}).write_parquet(tmp_path / "x.parquet")
    made = scan_judgments(
        tmp_path / "x.parquet", memory_limit="64MB", temp_directory=tmp_path / "spill", level="nominal"
    )
    assert made.n_items == 40
    with pytest.raises(HaloError):
        scan_judgments(tmp_path / "x.parquet", memory_limit="a lot")


@pytest.fixture
def generate(root, monkeypatch):
    spec = importlib.util.spec_from_file_location("generate", root / "benchmarks" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PART", 5_000)
    return module


def test_a_slice_of_the_long_run(generate, tmp_path):
    """As benchmarks/hundred_million.py, on four files of 5,000 rows."""
    pytest.importorskip("duckdb")
    folder = generate.write(20_000, tmp_path / "data")
    counted = scan_judgments(folder, scale=SCALE, level="ordinal", memory_limit="256MB")
    parts = sorted(folder.glob("*.parquet"))
    assert len(parts) == 4
    whole = halo.as_judgments(pl.read_parquet(parts), scale=SCALE, level="ordinal")
    assert whole.n_raters == 200
    for measure in MEASURES:
        x, y = measure(whole), measure(counted)
        assert (y.value, y.low, y.high) == pytest.approx((x.value, x.low, x.high), abs=1e-9)


def results(root: Path, name: str) -> list[dict[str, str]]:
    with (root / "benchmarks" / "results" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_committed_long_run_stayed_in_its_memory(root):
    made = results(root, "hundred_million.csv")
    assert "100,000,000 judgments" in made[0]["found"]
    assert len(made) == 1 + 2 * len(MEASURES)
    assert max(float(row["peak GiB"]) for row in made) < 4


def test_the_committed_comparison_holds_what_is_claimed(root):
    """The same coefficients as the peers, and times in the ratios that the handbook states."""
    made = results(root, "peers_agreement.csv")
    for question in {row["question"] for row in made}:
        values = {round(float(row["value"]), 4) for row in made if row["question"] == question}
        assert len(values) == 1, (question, values)

    def times(who: str, what: str) -> float:
        (row,) = [r for r in made if (r["question"], r["who"]) == ("alpha", who) and what in r["what"]]
        return float(row["times our seconds"])

    assert times("krippendorff", "ready-made counts") >= 1
    assert times("krippendorff", "raters by items") >= 10
    assert times("evalica", "1,000 replicates") >= 100
    assert times("halo_methods", "items and raters") <= 2


@pytest.fixture(scope="module")
def dated() -> pl.DataFrame:
    """Four weeks of judgments by two vendors, some without label, moment or gold."""
    rng = np.random.default_rng(9)
    made = []
    for item in range(150):
        gold = None if rng.random() < 0.4 else ("1|2" if rng.random() < 0.2 else str(rng.integers(1, 4)))
        for rater in range(3):
            day = int(rng.integers(0, 28))
            at = None if rng.random() < 0.05 else f"2026-11-{1 + day:02}T{int(rng.integers(0, 24)):02}:30:00Z"
            label = None if rng.random() < 0.1 else str(rng.integers(1, 4))
            made.append((f"i{item}", f"r{rater}", label, gold, "north" if rater else None, at))
    return pl.DataFrame(made, schema=["item_id", "rater_id", "label", "gold", "vendor", "rated_at"], orient="row")


def held_by(engine: str, frame: pl.DataFrame, tmp_path: Path, request: pytest.FixtureRequest):
    if engine in ("parquet", "spark"):
        frame.write_parquet(tmp_path / "x.parquet")
    if engine == "spark":
        return request.getfixturevalue("spark").read.parquet(str(tmp_path))
    if engine == "duckdb":
        return pytest.importorskip("duckdb").from_arrow(frame.to_arrow())
    if engine == "parquet":
        pytest.importorskip("duckdb")
        return tmp_path
    return {"pandas": frame.to_pandas, "polars lazy": frame.lazy, "arrow": frame.to_arrow}.get(engine, lambda: frame)()


@pytest.mark.parametrize("moments", ["text", "moments"])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_counts_columns_and_periods_the_same(engine, moments, dated, tmp_path, request):
    whole = halo.as_judgments(dated, scale=["1", "2", "3"], level="ordinal")
    stored = dated
    if moments == "moments":
        stored = dated.with_columns(pl.col("rated_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))
    held = held_by(engine, stored, tmp_path, request)
    for column, every in (("vendor", None), ("rater_id", None), ("rated_at", "day"), ("rated_at", "week")):
        expected = by_column(whole, column, every=every)
        found = by_column(held, column, every=every)
        assert found.to_dict("records") == expected.to_dict("records")
        assert found["judgments"].sum() == dated["label"].count()


def test_counts_by_week_are_what_a_loop_finds(dated):
    found = {
        (row["rated_at"] if isinstance(row["rated_at"], str) else None, row["label"]): tuple(
            int(row[c]) for c in ("judgments", "with_gold", "right")
        )
        for row in by_column(halo.as_judgments(dated), "rated_at", every="week").to_dict("records")
    }
    expected: dict = {}
    for row in dated.iter_rows(named=True):
        if row["label"] is None:
            continue
        week = None
        if row["rated_at"]:
            day = date.fromisoformat(row["rated_at"][:10])
            week = str(day - timedelta(days=day.weekday()))
        held = expected.setdefault((week, row["label"]), [0, 0, 0])
        held[0] += 1
        held[1] += row["gold"] is not None
        held[2] += row["gold"] is not None and row["label"] in row["gold"].split("|")
    assert found == {key: tuple(value) for key, value in expected.items()}


@pytest.mark.parametrize(
    ("made", "column", "every", "error", "said"),
    [
        ([("a", "x", "1", "2026-11-02")], "vendor", None, NotEstimable, "no column vendor"),
        ([("a", "x", "1", "2026-11-02")], "rated_at", "year", BadOption, "every is 'year'"),
        ([("a", "x", "1", "2026-11-02T23:00:00+02:00")], "rated_at", "day", InvalidData, "not in UTC"),
        ([("a", "x", "1", "last Monday")], "rated_at", "day", InvalidData, "not ISO 8601"),
        ([("a", "x", "1", 5)], "rated_at", "day", InvalidData, "holds no moments"),
        ([("a", "x", None, "2026-11-02")], "rated_at", "day", NotEstimable, "no judgment has a label"),
    ],
)
def test_columns_that_cannot_be_counted(made, column, every, error, said):
    frame = table(made, ("item_id", "rater_id", "label", "rated_at"))
    with pytest.raises(error, match=said):
        by_column(frame, column, every=every)


def test_columns_of_a_frame_may_have_other_names():
    frame = table([("a", "x", "1", "2026-11-02")], ("item_id", "rater_id", "answer", "when"))
    found = by_column(frame, "rated_at", every="month", columns={"label": "answer", "rated_at": "when"})
    assert found.to_dict("records") == [
        {"rated_at": "2026-11-01", "label": "1", "judgments": 1, "with_gold": 0, "right": 0}
    ]


def test_spellings_of_one_number_are_counted_as_one():
    frame = table([("a", "x", "1"), ("a", "y", "1.0"), ("b", "x", "2.00"), ("b", "y", "2")])
    counted = scan_judgments(frame)
    assert counted.labels == ("1", "2")
    assert counted.patterns.table.tolist() == [[2, 0], [0, 2]]
    assert counted.source.notes == ("label: 2 cells rewritten so that equal values are one, such as '1.0' as '1'",)
    with_gold = frame.with_columns(gold=pl.lit("1.0|7"))
    assert by_column(with_gold, "rater_id")[["label", "right"]].to_numpy().tolist() == [["1", 1], ["2", 0]] * 2
