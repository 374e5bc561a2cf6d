"""Labels given under a new version by raters who had not passed its check, and labels under a version not in force."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl

from ..errors import BadOption, InvalidData, NotEstimable, Problem
from ..judgments import Judgments, as_judgments
from ..judgments.dates import moment
from ..judgments.readers import raw_frame
from ..judgments.table import need, rests_on
from ..results import Caution, Estimate, counted
from .rubric_versions import version_number

NO_PASS, NOT_YET, NO_MORE = "without a pass", "before it was in force", "under an earlier version"
PASSES = ("rater_id", "guideline", "passed_at")


@dataclass(frozen=True, kw_only=True)
class LabelsWithoutPass:
    """Labels to leave out of scores and to have judged again by a rater with a pass (RUB-031, RUB-032).

    Attributes
    ----------
    share : Estimate
        Their share of the labels with a moment and a version.
    table : DataFrame
        ``rater_id``, ``reason``, ``labels``, ``first``, ``last``, most labels first.
    labels : DataFrame
        Each of them: ``item_id``, ``rater_id``, ``guideline``, ``rated_at``, ``reason``.
    cautions : tuple of Caution
        What the table could not tell.
    """

    share: Estimate
    table: pd.DataFrame
    labels: pd.DataFrame
    cautions: tuple[Caution, ...]

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The share, by its name."""
        return {"share": self.share}

    def to_dict(self) -> dict[str, Any]:
        """Share, table and cautions, ready for JSON."""
        table = self.table.assign(first=self.table["first"].astype(str), last=self.table["last"].astype(str))
        return {"share": self.share.to_dict(), "table": table.to_dict(orient="records"),
                "cautions": [{"code": one.code, "text": str(one)} for one in self.cautions]}  # fmt: skip

    def __str__(self) -> str:
        lines = [f"labels without a pass or under a version not in force: {self.share}"]
        for rater, reason, n, first, last in self.table.itertuples(index=False):
            lines.append(
                f"  {rater}: {counted(n, 'label')} {reason}, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
            )
        return "\n".join([*lines, *self.cautions])


def labels_without_pass(
    j: Judgments, passes: Any, *, version: str, effective: str | date | datetime
) -> LabelsWithoutPass:
    """Flag labels under a version by raters who had not passed its check, and labels under a version not in force.

    Parameters
    ----------
    j : Judgments
        With ``rated_at`` and ``guideline``. Criteria may be several; of stages `label` is taken, so that items
        judged under both versions have a stage of their own. Labels of models are left out.
    passes : pandas or Polars DataFrame
        ``rater_id``, ``guideline`` (the version) and ``passed_at`` (ISO 8601), one row per pass.
    version : str
        The version that came into force, as 1.3. Cells may hold a name before it, as `support-answer 1.3`.
    effective : str, date or datetime
        Since when; a day begins, and a moment without an offset stands, in UTC.

    Returns
    -------
    LabelsWithoutPass

    Raises
    ------
    NotEstimable
        Without moments or versions.
    InvalidData
        For a table of passes that cannot be read.
    BadOption
        For an `effective` that is no moment, or a `version` that is no number.

    Notes
    -----
    Only what is sure is flagged. A label with a day and no clock time is compared by its day: on the day of a pass
    it is not flagged. A label under a later version than `version` is left out.

    Examples
    --------
    >>> rows = [("a", "r", "2026-11-11T08:00Z"), ("b", "r", "2026-11-11T10:00Z"), ("c", "s", "2026-11-11T10:00Z")]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "rated_at"]).assign(label="x", guideline="1.3")
    >>> passes = pd.DataFrame({"rater_id": ["r"], "guideline": ["1.3"], "passed_at": ["2026-11-11T10:00+01:00"]})
    >>> found = labels_without_pass(frame, passes, version="1.3", effective="2026-11-11")
    >>> found.table[["rater_id", "reason", "labels"]].values.tolist()
    [['r', 'without a pass', 1], ['s', 'without a pass', 1]]
    """
    since = _moment(effective)
    if not re.fullmatch(r"\d+(\.\d+){0,2}", version):
        raise BadOption(f"version is {version!r}; write its number as 1.3")
    frame = as_judgments(j).people().one(by="criterion").frame
    for column in ("rated_at", "guideline"):
        need(frame, column)
    whole = frame.height
    frame = frame.drop_nulls(["rated_at", "guideline"])
    if not frame.height:
        raise NotEstimable("no judgment says when it was made and under which version", public=True)
    undated = whole - frame.height
    stands = {text: _stands(text, version) for text in frame["guideline"].unique()}
    frame = frame.with_columns(stands=pl.col("guideline").replace_strict(stands, return_dtype=pl.Int8))
    frame = frame.filter(pl.col("stands") <= 0)
    if not frame.height:
        raise NotEstimable(f"every judgment names a later version than {version}", public=True)
    day = pl.col("rated_at") == pl.col("rated_at").dt.truncate("1d")
    end = pl.when(day).then(pl.col("rated_at") + timedelta(days=1, microseconds=-1)).otherwise(pl.col("rated_at"))
    frame = frame.join(_first_passes(passes, version), on="rater_id", how="left", maintain_order="left")
    is_new, given = pl.col("stands") == 0, pl.col("rated_at") >= since
    reason = (
        pl.when(is_new & (end < since)).then(pl.lit(NOT_YET))
        .when(~is_new & given).then(pl.lit(NO_MORE))
        .when(is_new & (pl.col("passed_at").is_null() | (end < pl.col("passed_at")))).then(pl.lit(NO_PASS))
    )  # fmt: skip
    flagged = frame.with_columns(reason=reason).drop_nulls("reason")
    table = flagged.group_by("rater_id", "reason").agg(
        labels=pl.len(), first=pl.col("rated_at").min(), last=pl.col("rated_at").max()
    )
    table = table.sort(["labels", "rater_id", "reason"], descending=[True, False, False])
    cautions = []
    if undated:
        said = f"{counted(undated, 'label')} without a moment or a version: record `rated_at` and `guideline`."
        cautions.append(Caution("undated", said))
    share = flagged.height / frame.height
    method = f"labels without a pass of {version}, or under a version not in force; a count, without sampling error"
    estimate = Estimate.count(share, method=method, cautions=tuple(cautions), **rests_on(frame, "passes"))
    shown = flagged.select("item_id", "rater_id", "guideline", "rated_at", "reason")
    return LabelsWithoutPass(
        share=estimate, table=table.to_pandas(), labels=shown.to_pandas(), cautions=tuple(cautions)
    )


def _moment(given: str | date | datetime) -> datetime:
    text = given.isoformat() if isinstance(given, date) else str(given)
    try:
        return moment(text)[0]
    except ValueError:
        raise BadOption(f"effective is {given!r}; write a moment as 2026-11-11T09:00+01:00") from None


def _stands(text: str, version: str) -> int:
    """Whether what a cell names is the version (0), a later one (1), or another one (-1).

    >>> [_stands(text, "1.3") for text in ("1.3", "support-answer 1.3.0", "v1.10", "1.2", "draft")]
    [0, 0, 1, -1, -1]
    """
    named = re.search(r"(?:^|[\sv])(\d+(?:\.\d+){0,2})$", text.strip())
    a, b = version_number(named[1] if named else "0"), version_number(version)
    return (a > b) - (a < b)


def _first_passes(passes: Any, version: str) -> pl.DataFrame:
    """When each rater first passed the check of a version."""
    frame = raw_frame(passes, "passes").frame
    if missing := [column for column in PASSES if column not in frame.columns]:
        what = f"the table of passes has no column {', '.join(missing)}; it has {', '.join(frame.columns)}"
        raise InvalidData([Problem(what, "Write rater_id, guideline and passed_at, one row per pass.")])
    first, problems = dict[str, datetime](), []
    for row, (rater, of, at) in enumerate(frame.select(PASSES).iter_rows(), 1):
        if rater is None or _stands(of or "", version):
            continue
        try:
            passed = moment((at or "").strip())[0]
        except ValueError as error:
            problems.append(Problem(str(error), "Write it as 2026-11-11T09:00+01:00.", row=row, column="passed_at"))
            continue
        first[rater] = min(passed, first.get(rater, passed))
    if problems:
        raise InvalidData(problems)
    times = pl.Series("passed_at", list(first.values()), dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame([pl.Series("rater_id", list(first), dtype=pl.String), times])
