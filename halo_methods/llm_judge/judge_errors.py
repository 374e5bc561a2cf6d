"""What a judge's verdicts depend on besides the item: chance, order, length, author; how alike several judges err."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import majority
from ..judgments.table import need, rests_on
from ..results import Caution, Estimate, Figure, around, counted, readable, resting
from ..stats.checks import check_confidence, check_count
from ..stats.means import mean_interval, ratio_interval
from ..stats.proportions import two_way_share, wilson
from ..stats.variance import cluster_codes
from .alternative_annotator import beside, counted_label, one_judge

FEWEST, FEWEST_CLUSTERS = 30, 20


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """How often a judge says the same of an item when it is asked again.

    Attributes
    ----------
    same : Estimate
        Share of the items asked about twice or more on which every verdict is the same.
    first : Estimate or None
        Of the verdicts that changed with the order, the share that preferred what stood first; a judge without a pull
        has .5. None where nothing says what stood first, or nothing changed.
    """

    same: Estimate
    first: Estimate | None

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Both by name, without what could not be estimated."""
        named = {"same verdict": self.same, "first preferred among changed": self.first}
        return {name: estimate for name, estimate in named.items() if estimate is not None}


def consistency(
    j: Judgments, *, across: str = "round", first: str | None = None, judge: str | None = None, confidence: float = 0.95
) -> Consistency:
    """Estimate how often a judge repeats its verdict: asked again, or with the two answers in the other order.

    Labels name what was preferred, not where it stood, so that a verdict that follows the place changes with it.
    If the interval of ``first`` leaves out .5, the judge is pulled to a place. It is exact: a judge without a pull is
    accused in at most 5 of 100 tables.

    Parameters
    ----------
    j : Judgments or frame
        The judge's labels of an item under two values or more of ``across``.
    across : str
        ``round`` for repeats, or the column that names the order.
    first : str, optional
        The column with the label of what stood first.
    judge : str, optional
    confidence : float

    Raises
    ------
    NotEstimable
        If no item was judged twice.

    Examples
    --------
    >>> rows = [(i, "m", "a" if i < 8 or n == 1 else "b", str(n), "model") for i in range(10) for n in (1, 2)]
    >>> columns = ["item_id", "rater_id", "label", "round", "rater_type"]
    >>> consistency(pd.DataFrame(rows, columns=columns)).same.value
    0.8
    """
    check_confidence(confidence)
    j = as_judgments(j)
    models = one_judge(j.models().one(by=across), judge)
    need(models.frame, across)
    # A repeat keeps the order of the answers, where there is one.
    ordered = across != "first" and "first" in models.columns
    item = pl.concat_str("item_id", "first", separator="|", ignore_nulls=True) if ordered else pl.col("item_id")
    rows = models.frame.with_columns(item_id=item).filter(pl.col(across).n_unique().over("item_id") > 1)
    if rows.is_empty():
        raise NotEstimable(f"the judge judged no item under two values of `{across}`", public=True)
    items = rows.group_by("item_id", maintain_order=True).agg(same=pl.col("label").n_unique() == 1)
    called: dict[str, Any] = {"over": "items", "confidence": confidence, "measure": "verdicts asked again"}
    quantity = f"share of items with the same verdict across {across}"
    same = two_way_share(items["same"], np.zeros(len(items)), items["item_id"], quantity=quantity, **called)
    same = replace(same, n_judgments=rows.height)
    if first is None:
        return Consistency(same=same, first=None)
    need(rows, first)
    changed = rows.filter(pl.col("label").n_unique().over("item_id") > 1)
    label = pl.col("label").cast(pl.String)
    votes = changed.group_by("item_id", maintain_order=True).agg(pull=(label == pl.col(first).cast(pl.String)).mean())
    votes = votes.filter(pl.col("pull") != 0.5)
    if votes.is_empty():
        return Consistency(same=same, first=None)
    quantity = "share of changed verdicts that preferred what stood first"
    pulled = two_way_share(votes["pull"] > 0.5, np.zeros(len(votes)), quantity=quantity, **called)
    return Consistency(same=same, first=pulled)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drivers:
    """What moves a judge's verdict away from people's, and what its errors go with.

    Attributes
    ----------
    table : pandas.DataFrame
        ``driver``, ``pull`` (the judge's label minus people's, as a share of items, per standard deviation of a number
        or against the most frequent value) with ``low``, ``high`` and ``p_value``; ``odds`` of an error with
        ``odds_low`` and ``odds_high``, empty where errors are too few or perfectly told apart; ``n``.
    n_clusters : int
    cautions : tuple of Caution
    """

    table: pd.DataFrame
    n_clusters: int
    cautions: tuple[Caution, ...] = ()

    def plot(self) -> Figure:
        """The pulls with their intervals."""
        from .. import plots

        unit = "judge minus people, share of items"
        return plots.intervals(self.table, "driver", "pull", unit=unit, title="What pulls the judge", bar=0.0)

    def __str__(self) -> str:
        sure = self.table.loc[(self.table["low"] > 0) | (self.table["high"] < 0), "driver"].tolist()
        return f"Pulls that leave out 0: {', '.join(sure) or 'none'}."


def drivers(
    j: Judgments, columns: Sequence[str], *, positive: str | None = None, judge: str | None = None,
    cluster: str | None = None, confidence: float = 0.95,
) -> Drivers:  # fmt: skip
    """Regress a judge's differences from people on properties of the item: length, place, author, locale.

    The pull asks whether a property moves the judge more than it moves people: least squares on the judge's label
    minus people's mean. Of length it is verbosity bias; of "by the judge's own model" it is self-preference.
    The odds ask what errors go with, by logistic regression; an error is a verdict against the majority of people.
    Both have sandwich intervals clustered by ``cluster``. Do not read a pull as a cause: a property that goes with hard
    items pulls too, where the judge is less accurate than people.

    Parameters
    ----------
    j : Judgments or frame
    columns : sequence of str
        Numbers are standardised; of texts each value stands against the most frequent.
    positive : str, optional
        The label that counts 1; by default the last of two.
    judge, cluster : str, optional
        The model; the column of clusters, by default ``cluster`` where there is one, otherwise the item.
    confidence : float

    Raises
    ------
    NotEstimable
        With fewer than 30 items, fewer than 20 clusters, or columns that do not vary.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73, 13-22.

    Examples
    --------
    >>> rows = [(i, "m", "yes" if i % 7 > 2 else "no", "model", i % 7) for i in range(70)]
    >>> rows += [(i, "r", "yes" if i % 2 else "no", "human", i % 7) for i in range(70)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type", "length"])
    >>> print(drivers(frame, ["length"], positive="yes"))
    Pulls that leave out 0: length.
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    check_confidence(confidence)
    if not columns:
        raise NotEstimable("no column is named that could drive the judge's errors", public=True)
    people, model = beside(j, judge)
    positive = counted_label(as_judgments(j), positive, "a pull is towards")
    for column in columns:
        need(model.frame, column)
    counts = pl.col("label").cast(pl.String) == positive
    share = people.frame.group_by("item_id").agg(people=counts.mean())
    rows = model.frame.with_columns(judge=counts.cast(pl.Float64)).join(share, on="item_id", maintain_order="left")
    rows = rows.drop_nulls(["people", *columns])
    if rows.height < FEWEST:
        raise NotEstimable(f"{counted(rows.height, 'item')} with both and all columns; it takes {FEWEST}", public=True)
    cluster = cluster or ("cluster" if "cluster" in rows.columns else "item_id")
    need(rows, cluster)
    groups = cluster_codes(rows[cluster])
    if (n_clusters := int(groups.max()) + 1) < FEWEST_CLUSTERS:
        raise NotEstimable(
            f"{counted(n_clusters, 'cluster')}; a sandwich interval takes {FEWEST_CLUSTERS}", public=True
        )
    names, design = _design(rows, columns)
    x, robust = sm.add_constant(design), {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    pull = sm.OLS((rows["judge"] - rows["people"]).to_numpy(), x).fit(use_t=True, **robust)
    ends, settled = pull.conf_int(1 - confidence), rows.with_row_index("at").filter(pl.col("people") != 0.5)
    wrong = ((settled["people"] > 0.5) != (settled["judge"] > 0.5)).to_numpy().astype(float)
    at, odds, cautions = settled["at"].to_numpy(), np.full((len(names), 3), np.nan), []
    if min(wrong.sum(), (1 - wrong).sum()) >= 5 * len(names):
        try:
            kwds = {"cov_type": "cluster", "cov_kwds": {"groups": groups[at]}}
            fit = sm.GLM(wrong, x[at], family=sm.families.Binomial()).fit(**kwds)
            odds = np.exp(np.column_stack([fit.params, fit.conf_int(1 - confidence)])[1:])
        except (PerfectSeparationError, np.linalg.LinAlgError):
            pass
    if np.isnan(odds).all():
        text = f"{int(wrong.sum())} errors are too few, or too well told apart, for the odds of an error."
        cautions.append(Caution("no_odds", text))
    table = pd.DataFrame({"driver": names, "pull": pull.params[1:], "low": ends[1:, 0], "high": ends[1:, 1]})
    table = table.assign(p_value=pull.pvalues[1:], odds=odds[:, 0], odds_low=odds[:, 1], odds_high=odds[:, 2])
    return Drivers(table=table.assign(n=rows.height), n_clusters=n_clusters, cautions=tuple(cautions))


def _design(rows: pl.DataFrame, columns: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Columns of the regression: a number in standard deviations, a text as one 0/1 column per value but the usual."""
    names: list[str] = []
    parts: list[NDArray[np.float64]] = []
    for column in columns:
        values = rows[column]
        number = values.cast(pl.Float64, strict=False)
        if number.null_count() == 0:
            x = number.to_numpy()
            if x.std() > 0:
                names.append(column)
                parts.append((x - x.mean()) / x.std())
            continue
        text = values.cast(pl.String)
        usual = min(text.mode().to_list())
        for value in sorted(set(text.to_list()) - {usual}):
            names.append(f"{column} {value} against {usual}")
            parts.append((text == value).to_numpy().astype(float))
    if not parts or np.linalg.matrix_rank(np.column_stack(parts)) < len(parts):
        raise NotEstimable("the columns do not vary, or one follows from the others", public=True)
    return names, np.column_stack(parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class StatedConfidence:
    """A judge's stated confidence beside how often it is right.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per band: ``probability`` (mean stated), ``accuracy`` (share that agrees with the majority of people),
        ``low``, ``high``, ``n``.
    overconfidence : Estimate
        Mean stated confidence minus the share right.
    calibration_error : float
        The mean distance of the two over the bands (ECE). It is above 0 even for a perfect judge, more so with few
        items; use it to compare judges on the same items, and never as a bar.
    """

    table: pd.DataFrame
    overconfidence: Estimate
    calibration_error: float

    def plot(self) -> Figure:
        """The reliability diagram."""
        from .. import plots

        return plots.confidence(self.table, title="Is the judge as sure as it is right?")

    def __str__(self) -> str:
        return f"overconfidence {self.overconfidence.found}; calibration error {readable(self.calibration_error)}"


def stated_confidence(
    j: Judgments, *, column: str = "confidence", judge: str | None = None, bands: int = 5, confidence: float = 0.95
) -> StatedConfidence:
    """Hold a judge's stated confidence against the majority of people, in bands with as many items each.

    Parameters
    ----------
    j : Judgments or frame
    column : str
        Confidence in the label given, from 0 to 1.
    judge : str, optional
    bands : int
    confidence : float
        Of the intervals.

    Raises
    ------
    NotEstimable
        If the column is not there, or fewer than 30 items have a majority.

    Examples
    --------
    >>> rows = [(i, "m", "x", "model", 0.9) for i in range(40)]
    >>> rows += [(i, "r", "x" if i % 2 else "y", "human", None) for i in range(40)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type", "confidence"])
    >>> round(stated_confidence(frame).overconfidence.value, 2)
    0.4
    """
    check_confidence(confidence)
    bands = check_count(bands, option="bands", least=1)
    people, model = beside(j, judge)
    need(model.frame, column)
    truth = majority(people).filter(pl.col("tied") == 1).select("item_id", truth="label")
    rows = model.frame.join(truth, on="item_id").with_columns(stated=pl.col(column).cast(pl.Float64, strict=False))
    rows = rows.drop_nulls("stated").sort("stated", "item_id")
    if rows.height < FEWEST:
        raise NotEstimable(
            f"{counted(rows.height, 'item')} with a stated confidence and a majority; it takes {FEWEST}", public=True
        )
    if not rows["stated"].is_between(0, 1).all():
        raise BadOption(f"{column} holds numbers outside 0 to 1; allowed: a confidence as a share")
    right, stated = (rows["label"] == rows["truth"]).to_numpy().astype(float), rows["stated"].to_numpy()
    # Equal confidences stay in one band.
    band = np.unique(np.searchsorted(stated, stated) * bands // rows.height, return_inverse=True)[1]
    n = np.bincount(band)
    claimed, accuracy = np.bincount(band, stated) / n, np.bincount(band, right) / n
    low, high = wilson(np.bincount(band, right), n, confidence=confidence)
    table = pd.DataFrame({"probability": claimed, "accuracy": accuracy, "low": low, "high": high, "n": n})
    place = around(*mean_interval(stated - right, confidence=confidence)) | {"confidence": confidence, "over": "items"}
    method = "stated confidence minus share right; t interval over items"
    over = Estimate(**place, **rests_on(people.frame, "stated confidence"), method=method)
    error = float((n * np.abs(claimed - accuracy)).sum() / n.sum())
    return StatedConfidence(table=table, overconfidence=over, calibration_error=error)


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """Several judges: how right each is, how alike they err, and how many independent judges they are worth.

    Attributes
    ----------
    table : pandas.DataFrame
        ``judge``, ``n``, ``agreement`` (with the majority of people), and last the majority of the judges, to which a
        tie counts as a miss.
    effective : Estimate
        Effective number of judges: the mean variance of one judge's errors over that of their average.
    correlation : float
        Mean correlation of the errors of two judges that the effective number implies.
    """

    table: pd.DataFrame
    effective: Estimate
    correlation: float

    def __str__(self) -> str:
        return f"{len(self.table) - 1} judges are worth {self.effective}"


def panel(j: Judgments, *, confidence: float = 0.95) -> Panel:
    r"""Estimate how many independent judges a panel of models is worth, from errors against the majority of people.

    .. math:: k_{eff} = \frac{\overline{\mathrm{var}(e_j)}}{\mathrm{var}(\bar e)} = \frac{k}{1 + (k - 1)\bar\rho}

    Items that every judge labelled and people agree about by majority. Nine judges that err alike may be worth two.

    Raises
    ------
    NotEstimable
        With fewer than two judges, fewer than 30 such items, or without any error.

    References
    ----------
    Kish (1965), Survey Sampling, on the design effect of correlated units.

    Examples
    --------
    >>> rows = [(i, m, "y" if (i + d) % 5 == 0 else "x", "model") for i in range(60) for m, d in (("a", 0), ("b", 1))]
    >>> rows += [(i, "r", "x", "human") for i in range(60)]
    >>> found = panel(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"]))
    >>> round(found.effective.value, 2), found.table["agreement"].round(2).tolist()
    (2.67, [0.8, 0.8, 0.6])
    """
    check_confidence(confidence)
    j = as_judgments(j).one()
    models = j.models().latest()
    if models.n_raters < 2:
        raise NotEstimable("a panel takes two model judges or more", public=True)
    truth = majority(j.people().latest()).filter(pl.col("tied") == 1).select("item_id", truth="label")
    names = sorted(models.frame["rater_id"].unique().to_list())
    wide = models.frame.join(truth, on="item_id").pivot(  # noqa: PD010
        "rater_id", index=["item_id", "truth"], values="label"
    )
    wide = wide.drop_nulls(names)
    if wide.height < FEWEST:
        text = f"{counted(wide.height, 'item')} with every judge and a majority of people; it takes {FEWEST}"
        raise NotEstimable(text, public=True)
    errors = np.column_stack([(wide[name] != wide["truth"]).to_numpy().astype(float) for name in names])
    centred = errors - errors.mean(axis=0)
    above, below = (centred**2).mean(axis=1), centred.mean(axis=1) ** 2
    if not below.sum() > 0:
        raise NotEstimable("no judge errs, or their errors cancel in every item: nothing shows how alike they err")
    place = around(*ratio_interval(above, below, confidence=confidence)) | {"confidence": confidence, "over": "items"}
    k = len(names)
    rests = resting(wide.height, k, wide.height * k)
    effective = Estimate(**place, **rests, method="effective number of judges; ratio of variances, delta method")
    votes = models.frame.filter(pl.col("item_id").is_in(wide["item_id"].implode()))
    won = votes.group_by("item_id").agg(pl.col("label").mode()).filter(pl.col("label").list.len() == 1)
    together = won.with_columns(pl.col("label").list.first()).join(truth, on="item_id")
    agreement = [*(1 - errors.mean(axis=0)), (together["label"] == together["truth"]).sum() / wide.height]
    table = pd.DataFrame({"judge": [*names, "majority"], "n": wide.height, "agreement": agreement})
    return Panel(table=table, effective=effective, correlation=(k / effective.value - 1) / (k - 1))
