"""Charts of shares: Laney's p' chart and the plain p chart, and how far the normal curve carries."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import ndtr

from ..errors import HaloError, NotEstimable
from .charts import Chart, enough, short_baseline
from .run_length import cusum_run_length

FEW_EXPECTED = 5


def laney(defects: ArrayLike, sizes: ArrayLike, *, baseline: int | None = None, limit: float = 3) -> Chart:
    r"""Laney's p' chart: a share a period, with limits as wide as periods really differ.

    .. math:: \bar p \pm 3 \sigma_{p_i} \sigma_z,\quad \sigma_{p_i} = \sqrt{\bar p (1 - \bar p)/n_i},\quad
              \sigma_z = \overline{|z_i - z_{i-1}|} / 1.128

    Never use it alone: a slow drift looks to it like variation between
    periods, and the limits widen to hold it. Set a `cusum` beside it. Without
    a baseline the chart judges the periods by themselves.

    Parameters
    ----------
    defects, sizes : array_like
        Counts and what they were counted in, one a period; periods of size 0 are left out beforehand.
    baseline : int, optional
        The first so many periods give the centre and the spread; all periods are shown, those after it are tested.
    limit : float
        In standard deviations.

    Returns
    -------
    Chart
        ``statistic`` is the share; ``sigma_z`` the over-dispersion.

    Raises
    ------
    HaloError
        If the counts are not whole numbers with 0 <= defects <= sizes and sizes >= 1.
    NotEstimable
        If fewer than three periods, or no variation, leave the spread unknown.

    References
    ----------
    Laney (2002), Quality Engineering 14, 531-537.

    Examples
    --------
    >>> chart = laney([10, 12, 9, 11, 30], [100] * 5, baseline=4)
    >>> chart.signals, round(chart.centre, 3)
    ((4,), 0.105)
    """
    return _shares(defects, sizes, baseline, limit, widened=True)


def p_chart(defects: ArrayLike, sizes: ArrayLike, *, baseline: int | None = None, limit: float = 3) -> Chart:
    """The plain p chart, whose limits know only the chance of drawing items.

    Where periods differ by honest batch variation it flags periods in which
    nothing happened; see `laney`, whose parameters it shares.

    Examples
    --------
    >>> p_chart([10, 12, 9, 11, 30], [100] * 5, baseline=4).signals
    (4,)
    """
    return _shares(defects, sizes, baseline, limit, widened=False)


def normal_approximation(n: int, p: float, *, k: float = 0.5, h: float = 5) -> pd.DataFrame:
    """The run length that charts of a share really have, beside the one a normal curve promises.

    Counts of n judgments with share p are binomial. For the three-sigma chart
    the sums of the binomial are exact; for the CUSUM of standardised counts a
    Markov chain of 800 steps is solved. Centre and spread are taken as known.

    Parameters
    ----------
    n : int
        Judgments a period.
    p : float
        The share.
    k, h : float
        Of the CUSUM.

    Returns
    -------
    pandas.DataFrame
        Columns ``chart``, ``stated``, ``exact``, ``ratio`` (exact / stated).

    Raises
    ------
    HaloError
        If n or p is out of range.

    Examples
    --------
    >>> normal_approximation(20, 0.05)["exact"].round().astype(int).tolist()
    [63, 332]
    """
    if not (int(n) == n and n >= 1 and 0 < p < 1):
        raise HaloError(f"a share needs n >= 1 and 0 < p < 1; got n={n!r}, p={p!r}")
    x = np.arange(n + 1)
    weight, z = stats.binom.pmf(x, n, p), (x - n * p) / np.sqrt(n * p * (1 - p))
    outside = float(weight[np.abs(z) > 3].sum())
    sides = [_binomial_side(z, weight, k, h), _binomial_side(-z, weight, k, h)]
    exact = [1 / outside if outside > 0 else np.inf, 1 / sum(1 / side for side in sides)]
    stated = [float(1 / (2 * ndtr(-3))), cusum_run_length(k, h)]
    table = pd.DataFrame({"chart": ["three sigma", f"CUSUM, k {k:g}, h {h:g}"], "stated": stated, "exact": exact})
    return table.assign(ratio=table["exact"] / table["stated"])


def _binomial_side(z: np.ndarray, weight: np.ndarray, k: float, h: float, steps: int = 800) -> float:
    """Run length of one side: the sum moves on a grid, each landing shared between its two neighbours."""
    width = h / steps
    start = np.arange(steps + 1) * width
    landed = np.maximum(start[:, None] + z[None, :] - k, 0) / width
    chain = np.zeros((steps + 1, steps + 2))
    low = np.minimum(np.floor(landed + 1e-9).astype(int), steps + 1)
    part = np.clip(landed - low, 0, 1)
    inside = landed <= steps + 1e-9
    rows = np.broadcast_to(np.arange(steps + 1)[:, None], low.shape)
    given = np.broadcast_to(weight, low.shape)
    np.add.at(chain, (rows[inside], low[inside]), (given * (1 - part))[inside])
    np.add.at(chain, (rows[inside], np.minimum(low + 1, steps)[inside]), (given * part)[inside])
    return float(np.linalg.solve(np.eye(steps + 1) - chain[:, :-1], np.ones(steps + 1))[0])


def _shares(defects: ArrayLike, sizes: ArrayLike, baseline: int | None, limit: float, *, widened: bool) -> Chart:
    d, n = np.asarray(defects, float), np.asarray(sizes, float)
    whole = d.shape == n.shape and d.ndim == 1 and np.isfinite(d).all() and np.isfinite(n).all()
    if not (whole and (d == d.round()).all() and (n == n.round()).all() and (n >= 1).all() and (d >= 0).all()
            and (d <= n).all()):  # fmt: skip
        raise HaloError("shares need two rows of whole numbers of one length, 0 <= defects <= sizes and sizes >= 1")
    first = 0
    if baseline is not None:
        enough(d.size, baseline)
        first = baseline
    part = slice(0, first or d.size)
    p = float(d[part].sum() / n[part].sum())
    if not 0 < p < 1:
        raise NotEstimable(
            f"{'all' if p == 1 else 'none'} of the {int(n[part].sum()):,} judgments of the baseline count, so the "
            "share has no spread to judge by"
        )
    sigma = np.sqrt(p * (1 - p) / n)
    z = (d / n - p) / sigma
    spread = 1.0
    if widened:
        if z[part].size < 3:
            raise NotEstimable(f"the spread between periods needs three of them; there are {z[part].size}")
        spread = float(np.abs(np.diff(z[part])).mean() / 1.128)
        if spread <= 0:
            raise NotEstimable("the share is the same in every period, so there is no spread to judge by")
    half = limit * sigma * spread
    outside = np.flatnonzero((np.abs(d / n - p) > half) & (np.arange(d.size) >= first))
    cautions = list(short_baseline(first or d.size))
    if n.min() * min(p, 1 - p) < FEW_EXPECTED:
        cautions.append(
            f"The smallest period expects {n.min() * min(p, 1 - p):.1f} of the rarer answer, fewer than "
            f"{FEW_EXPECTED}: the limits come from a normal curve that such counts do not follow."
        )
    if widened:
        cautions.append("This chart absorbs slow drift: read it beside a CUSUM.")
    name = f"Laney's p' chart, limits {spread:.3g} times the plain ones" if widened else "p chart"
    return Chart(
        statistic=d / n,
        limits=(np.maximum(p - half, 0), np.minimum(p + half, 1)),
        centre=p,
        sigma=float(np.sqrt(p * (1 - p) / n.mean())) * spread,
        signals=tuple(map(int, outside)),
        run_length=float(1 / (2 * ndtr(-limit))),
        method=name,
        cautions=tuple(cautions),
        sigma_z=spread,
    )
