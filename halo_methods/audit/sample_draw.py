"""Draw the labels to audit so that anybody can draw them again from the file."""

import csv
import hashlib
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, HaloError, NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import counted
from ..stats.checks import check_count
from .sample_sizes import allocate

KEYS = ("item_id", "rater_id", "criterion", "round")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawn sample and what it takes to draw it again.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a label: what identifies it, ``stratum`` and
        ``inclusion_probability``; no labels, so that the file can go to the
        auditors. In an order of its own, made from the seed.
    n, frame_rows : int
        Labels drawn, labels there were.
    seed : str
    by, risk : str
        Columns of strata and of risk, empty if none.
    frame_sha256 : str
        Of what identifies the frame's labels, sorted, with stratum and risk.
    labels : pandas.Series
        Labels of each rater in the frame, by ``rater_id``.
    """

    table: pd.DataFrame
    n: int
    frame_rows: int
    seed: str
    by: str
    risk: str
    frame_sha256: str
    labels: "pd.Series[int]"

    def by_rater(self) -> pd.DataFrame:
        """Count the labels of each rater and those drawn: ``rater_id``, ``labels``, ``drawn``, ``share``."""
        table = self.labels.rename("labels").rename_axis("rater_id").reset_index()
        table["drawn"] = table["rater_id"].map(self.table["rater_id"].value_counts()).fillna(0).astype(int)
        table["share"] = table["drawn"] / table["labels"]
        return table

    def write(self, path: str | Path) -> Path:
        """Write the sample as CSV: lines of ``# name: value``, then the table.

        The lines hold seed, columns, sizes and the frame's SHA-256, so that
        `redraws` can draw the sample again and compare.
        """
        path = Path(path)
        with path.open("w", encoding="utf-8", newline="") as file:
            for name in ("seed", "n", "by", "risk", "frame_rows", "frame_sha256"):
                file.write(f"# {name}: {getattr(self, name)}\n")
            self.table.to_csv(file, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        return path

    def __str__(self) -> str:
        how = f", strata of {self.by}" if self.by else f", by {self.risk}" if self.risk else ""
        drawn = f"{self.n:,} of {counted(self.frame_rows, 'label')} drawn{how}"
        return f"{drawn}; seed {self.seed}, frame SHA-256 {self.frame_sha256[:12]}…"


def draw(j: Judgments, n: int, *, by: str | None = None, risk: str | None = None, seed: int | str) -> Drawn:
    """Draw labels to audit; the same labels whatever the order of the rows.

    Each label gets a number from the SHA-256 of the seed and of what
    identifies it. Without options the n smallest numbers are drawn (a simple
    random sample). With ``by`` each stratum gets labels in proportion to its
    size, one at least, and its smallest numbers are drawn. With ``risk`` the
    chance of a label is proportional to that column (systematic sampling in
    the order of the numbers); a risk of 0 is refused, because what can't be
    drawn can't be estimated.

    Whoever can choose the seed after seeing the frame can choose the sample:
    fix it first, for instance the number of the lot.

    Parameters
    ----------
    j : Judgments
        One criterion; stage ``label`` is drawn from where there are several.
    n : int
        Labels to draw.
    by : str, optional
        A column that makes strata, for instance ``rater_id``.
    risk : str, optional
        A column of numbers above 0.
    seed : int or str

    Returns
    -------
    Drawn

    Raises
    ------
    HaloError
        If n is more than there are labels, or less than there are strata.
    NotEstimable
        If a column is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> frame = pd.DataFrame([(f"i{i}", f"r{i % 3}", "x") for i in range(90)], columns=["item_id", "rater_id", "label"])
    >>> one, other = (draw(as_judgments(f), 9, by="rater_id", seed=7) for f in (frame, frame.iloc[::-1]))
    >>> one.table.equals(other.table), one.table["rater_id"].value_counts().tolist()
    (True, [3, 3, 3])
    """
    if by is not None and risk is not None:
        raise BadOption("by and risk are two designs; draw with one of them")
    one = as_judgments(j).one()
    for column in (by, risk):
        if column is not None and column not in one.columns:
            raise NotEstimable(f"the data has no column {column}; it has {', '.join(one.columns)}")
    n = check_count(n, option="n", least=1, most=one.n_judgments)
    keys = [k for k in KEYS if k in one.columns]
    stratum = pl.col(by).cast(pl.String).fill_null("") if by else pl.lit("")
    table = one.frame.select(*keys, *([risk] if risk else []), stratum=stratum).to_pandas()
    identity = table[keys].astype(object).fillna("").astype(str).agg("\x1f".join, axis=1)
    table["number"] = [hashlib.sha256(f"{seed}\x1f{key}".encode()).hexdigest() for key in identity]
    stated = identity + "\x1f" + table["stratum"] + "\x1f" + (table[risk].astype(str) if risk else "")
    table = table.sort_values("number", ignore_index=True)
    table = _by_risk(table, n, risk) if risk else _by_stratum(table, n)
    columns = [*keys, *(["stratum"] if by else []), "inclusion_probability"]
    return Drawn(
        table=table[columns].reset_index(drop=True),
        n=n,
        frame_rows=one.n_judgments,
        seed=str(seed),
        by=by or "",
        risk=risk or "",
        frame_sha256=hashlib.sha256("\n".join(sorted(stated)).encode()).hexdigest(),
        labels=one.frame.to_pandas()["rater_id"].value_counts().sort_index(),
    )


def _by_stratum(table: pd.DataFrame, n: int) -> pd.DataFrame:
    held = table["stratum"].value_counts().sort_index()
    sizes = pd.Series(allocate(held.tolist(), [1.0] * len(held), n, at_most=held.tolist()), index=held.index)
    drawn = table.groupby("stratum").cumcount() < table["stratum"].map(sizes)
    return table.assign(inclusion_probability=table["stratum"].map(sizes / held))[drawn]


def _by_risk(table: pd.DataFrame, n: int, risk: str) -> pd.DataFrame:
    scores = pd.to_numeric(table[risk], errors="coerce").to_numpy(float)
    if not (np.isfinite(scores) & (scores > 0)).all():
        raise HaloError(f"every label needs a {risk} above 0: what can't be drawn can't be estimated")
    chance = inclusion_probabilities(scores, n)
    # One start for all, from the first number of the frame, which depends on the seed.
    start = int(hashlib.sha256(str(table["number"].iloc[0]).encode()).hexdigest(), 16) / 2**256
    ends = np.concatenate([[0.0], np.cumsum(chance)])
    ends[-1] = n
    crossed = np.floor(ends[1:] - start) - np.floor(ends[:-1] - start)
    return table.assign(inclusion_probability=chance)[crossed >= 1]


def inclusion_probabilities(scores: Any, n: int) -> Any:
    """Chances proportional to the scores that sum to n, none above 1.

    Examples
    --------
    >>> inclusion_probabilities([8, 1, 1], 2).tolist()
    [1.0, 0.5, 0.5]
    """
    scores = np.asarray(scores, float)
    sure = np.zeros(scores.size, bool)
    while True:
        rest = scores[~sure].sum()
        chance = np.where(sure, 1.0, (n - sure.sum()) * scores / (rest or 1.0))
        over = ~sure & (chance >= 1)
        if not over.any():
            return chance
        sure |= over


def redraws(path: str | Path, j: Judgments) -> bool:
    """Whether a file written by `Drawn.write` is what its seed draws from these judgments.

    Raises
    ------
    HaloError
        If the file does not state its seed and frame, or these judgments are not the frame it was drawn from.
    """
    with Path(path).open(encoding="utf-8") as file:
        head = [line[2:].rstrip("\n").partition(": ") for line in takewhile(lambda line: line.startswith("# "), file)]
    stated = {name: value.strip() for name, _, value in head}
    if not {"seed", "n", "frame_sha256"} <= stated.keys():
        raise HaloError(f"{path} does not state the seed, the size and the frame it was drawn from")
    again = draw(j, int(stated["n"]), by=stated.get("by") or None, risk=stated.get("risk") or None, seed=stated["seed"])
    if again.frame_sha256 != stated["frame_sha256"]:
        raise HaloError(f"{path} was drawn from another frame: labels were added, removed or moved since")
    there = pd.read_csv(path, skiprows=len(head), dtype=str, keep_default_na=False)
    return there.equals(again.table.astype(object).where(again.table.notna(), "").astype(str))
