"""Charts of shares: Laney's p' chart and the plain p chart, and how far the normal curve carries."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import ndtr

from ..errors import BadOption, NotEstimable
from ..results import Caution
from ..stats.checks import check_count, check_probability
from .control_charts import Chart, enough, short_baseline
from .run_length import cusum_run_length

FEW_EXPECTED = 5


def laney(defects: ArrayLike, sizes: ArrayLike, *, baseline: int | None = None, limit: float = 3) -> Chart:
    r"""Chart a share per period by Laney's p' chart, with limits as wide as periods really differ.

    .. math:: \bar p \pm 3 \sigma_{p_i} \sigma_z,\quad \sigma_{p_i} = \sqrt{\bar p (1 - \bar p)/n_i},\quad
              \sigma_z = \overline{|z_i - z_{i-1}|} / 1.128

    Never use it alone: a slow drift looks to it like variation between
    periods, and the limits widen to hold it. Set a `cusum` beside it. Without
    a baseline the chart judges the periods by themselves.

    Parameters
    ----------
    defects, sizes : array_like
        Counts and what they were counted in, one per period; leave out periods of size 0.
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
    BadOption
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
    return _share_chart(defects, sizes, baseline, limit, widened=True)


def p_chart(defects: ArrayLike, sizes: ArrayLike, *, baseline: int | None = None, limit: float = 3) -> Chart:
    """Chart a share per period by the plain p chart, whose limits know only the chance of drawing items.

    Where batches differ it flags periods in which nothing happened; see
    `laney`, whose parameters it shares.

    Examples
    --------
    >>> p_chart([10, 12, 9, 11, 30], [100] * 5, baseline=4).signals
    (4,)
    """
    return _share_chart(defects, sizes, baseline, limit, widened=False)


def normal_approximation(n: int, p: float, *, k: float = 0.5, h: float = 5) -> pd.DataFrame:
    """Compute the run length that charts of a share really have, beside the one of a normal curve.

    Counts of n judgments with share p are binomial. For the three-sigma chart
    the sums of the binomial are exact; for the CUSUM of standardised counts a
    Markov chain of 800 steps is solved. Centre and spread are taken as known.

    Parameters
    ----------
    n : int
        Judgments per period.
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
    BadOption
        If n is no count, or p no share above 0 and below 1.

    Examples
    --------
    >>> normal_approximation(20, 0.05)["exact"].round().astype(int).tolist()
    [63, 332]
    """
    n, p = check_count(n, option="n", least=1), check_probability(p, option="p", open_ends=True)
    x = np.arange(n + 1)
    weight, z = stats.binom.pmf(x, n, p), (x - n * p) / np.sqrt(n * p * (1 - p))
    outside = float(weight[np.abs(z) > 3].sum())
    z, weight = z[weight > 1e-18], weight[weight > 1e-18]
    sides = [_binomial_side(z, weight, k, h), _binomial_side(-z, weight, k, h)]
    exact = [1 / outside if outside > 0 else np.inf, 1 / sum(1 / side for side in sides)]
    stated = [float(1 / (2 * ndtr(-3))), cusum_run_length(k, h)]
    table = pd.DataFrame({"chart": ["three sigma", f"CUSUM, k {k:g}, h {h:g}"], "stated": stated, "exact": exact})
    return table.assign(ratio=table["exact"] / table["stated"])


def _binomial_side(z: NDArray, weight: NDArray, k: float, h: float, steps: int = 800) -> float:
    """Run length of one side: the sum moves on a grid, each landing shared between its two neighbours."""
    width = h / steps
    start = np.arange(steps + 1) * width
    landed = np.maximum(start[:, None] + z[None, :] - k, 0) / width
    chain = np.zeros((steps + 1, steps + 2))
    low = np.minimum(np.floor(landed + 1e-9).astype(int), steps + 1)
    part = np.clip(landed - low, 0, 1)
    inside = landed <= steps + 1e-9
    rows = np.broadcast_to(np.arange(steps + 1)[:, None], low.shape)
    weights = np.broadcast_to(weight, low.shape)
    np.add.at(chain, (rows[inside], low[inside]), (weights * (1 - part))[inside])
    np.add.at(chain, (rows[inside], np.minimum(low + 1, steps)[inside]), (weights * part)[inside])
    return float(np.linalg.solve(np.eye(steps + 1) - chain[:, :-1], np.ones(steps + 1))[0])


def _share_chart(defects: ArrayLike, sizes: ArrayLike, baseline: int | None, limit: float, *, widened: bool) -> Chart:
    d, n = np.asarray(defects, float), np.asarray(sizes, float)
    counts = d.shape == n.shape and d.ndim == 1 and bool(((d == d.round()) & (n == n.round())).all())
    if not (counts and ((d >= 0) & (d <= n) & (n >= 1) & np.isfinite(n)).all()):
        raise BadOption("defects and sizes: allowed: two rows of whole numbers, 0 <= defects <= sizes and sizes >= 1")
    tested = np.arange(d.size) >= (0 if baseline is None else enough(d.size, baseline))
    part = np.full(d.size, True) if baseline is None else ~tested
    p = float(d[part].sum() / n[part].sum())
    if not 0 < p < 1:
        raise NotEstimable(
            f"{'all' if p == 1 else 'none'} of the {int(n[part].sum()):,} judgments of the baseline count, so the "
            "share has no spread to judge by"
        )
    sigma = np.sqrt(p * (1 - p) / n)
    spread = _spread(((d / n - p) / sigma)[part]) if widened else 1.0
    half = limit * sigma * spread
    cautions = list(short_baseline(int(part.sum())))
    expected = float(n.min() * min(p, 1 - p))
    if expected < FEW_EXPECTED:
        text = (
            f"The smallest period expects {expected:.1f} of the rarer answer, fewer than {FEW_EXPECTED}: the limits "
            "come from a normal curve that such counts do not follow."
        )
        cautions.append(Caution("few_expected", text))
    if widened:
        cautions.append(Caution("absorbs_drift", "This chart absorbs slow drift: read it beside a CUSUM."))
    method = f"Laney's p' chart, limits {spread:.3g} times the plain ones" if widened else "p chart"
    return Chart(
        statistic=d / n,
        limits=(np.maximum(p - half, 0), np.minimum(p + half, 1)),
        centre=p,
        sigma=float(np.sqrt(p * (1 - p) / n.mean())) * spread,
        tested=tested,
        run_length=float(1 / (2 * ndtr(-limit))),
        method=method,
        cautions=tuple(cautions),
        sigma_z=spread,
        unit="share",
    )


def _spread(z: NDArray) -> float:
    """Laney's sigma_z, from moving ranges."""
    if z.size < 3:
        raise NotEstimable(f"the spread between periods needs three of them; there are {z.size}")
    spread = float(np.abs(np.diff(z)).mean() / 1.128)
    if spread <= 0:
        raise NotEstimable("the share is the same in every period, so there is no spread to judge by")
    return spread
