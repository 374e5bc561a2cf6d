"""What a sampling plan lets through: the operating characteristic and the outgoing error rate."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results import readable
from .style import BLUE, GREEN, INK, RUST, blank, described

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def operating(plan: Any, *, title: str = "Which lots the plan accepts") -> "Figure":
    """Chance of acceptance by the lot's error rate, with the buyer's and the producer's point.

    Parameters
    ----------
    plan : Plan or DoublePlan
        Of `halo_methods.audit`.
    title : str
        Above the picture.

    Examples
    --------
    >>> from halo_methods.audit import single_plan
    >>> operating(single_plan(0.03, 0.05, 0.10, 0.10)).alt
    'Which lots the plan accepts. A lot with 10% errors is accepted with chance 0.0948; one with 3% errors with 0.963.'
    """
    most = min(2 * plan.rql, 1.0)
    p = _rates(plan, most)
    figure, axes = blank(3.4)
    axes.plot(100 * p, plan.acceptance(p), color=BLUE, linewidth=2)
    points = (
        (plan.rql, plan.consumer_risk, RUST, "X", "buyer"),
        (plan.aql, 1 - plan.producer_risk, GREEN, "o", "producer"),
    )
    for x, y, colour, marker, who in points:
        axes.plot([100 * x], [y], marker, color=colour, markersize=8)
        axes.annotate(f"{who}: {readable(100 * x)}% errors, accepted {readable(100 * y)}%", (100 * x, y),
                      xytext=(8, 6), textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
    axes.set_ylim(0, 1.08)
    axes.set_xlim(0, 100 * most)
    axes.set_xlabel("errors in the lot, %")
    axes.set_ylabel("chance that it is accepted")
    axes.set_title(title, loc="left", fontsize=11)
    buyer, producer = (readable(y) for _, y, *_ in points)
    return described(
        figure,
        f"{title}. A lot with {readable(100 * plan.rql)}% errors is accepted with chance {buyer}; one with "
        f"{readable(100 * plan.aql)}% errors with {producer}.",
    )


def outgoing(plan: Any, lot: int, *, title: str = "What goes out, rejected lots relabelled") -> "Figure":
    """Average error rate after the audit by the error rate before it, and its limit.

    Parameters
    ----------
    plan : Plan or DoublePlan
        Of `halo_methods.audit`.
    lot : int
        Labels in a lot.
    title : str
        Above the picture.

    Examples
    --------
    >>> from halo_methods.audit import single_plan
    >>> outgoing(single_plan(0.03, 0.05, 0.10, 0.10), 1000).alt
    'What goes out, rejected lots relabelled. Whatever comes in, at most 3.3% errors go out on average.'
    """
    most, limit = min(2 * plan.rql, 1.0), plan.outgoing_limit(lot)
    p = _rates(plan, most)
    figure, axes = blank(3.0)
    axes.plot(100 * p, 100 * plan.outgoing(p, lot), color=BLUE, linewidth=2)
    axes.axhline(100 * limit, color=INK, linestyle="--", linewidth=1)
    axes.annotate(f"limit {readable(100 * limit)}%", (100 * most, 100 * limit), xytext=(-4, 3), ha="right",
                  textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
    axes.set_ylim(0, max(115 * limit, 0.1))
    axes.set_xlim(0, 100 * most)
    axes.set_xlabel("errors in the lots that come in, %")
    axes.set_ylabel("errors that go out, %")
    axes.set_title(title, loc="left", fontsize=11)
    return described(figure, f"{title}. Whatever comes in, at most {readable(100 * limit)}% errors go out on average.")


def _rates(plan: Any, most: float) -> np.ndarray:
    """Error rates to draw at; a lot of its own has steps, a wrong label each, as far as a picture shows them."""
    if plan.lot is None:
        return np.linspace(0, most, 201)
    made: np.ndarray = np.unique(np.linspace(0, int(most * plan.lot), 1001).astype(int)) / plan.lot
    return made
