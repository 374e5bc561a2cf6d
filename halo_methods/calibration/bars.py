"""Bars set from what experts score on the same gold."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import polars as pl

from ..errors import HaloError, NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted, readable
from .gold import accuracy, by_rater, on_gold


@dataclass(frozen=True, eq=False)
class Bars:
    """Two bars for a certification, and what they rest on.

    Attributes
    ----------
    unacceptable, good : float
        Proposed bars.
    estimate : Estimate
        The experts' accuracy, pooled, with its interval.
    by_expert : pandas.DataFrame
        Each expert's accuracy, as `by_rater` gives it.
    guess : float
        What somebody scores who always gives the most common gold answer.
    """

    unacceptable: float
    good: float
    estimate: Estimate
    by_expert: pd.DataFrame
    guess: float

    def __str__(self) -> str:
        return (
            f"good {readable(self.good)}, unacceptable {readable(self.unacceptable)}: experts score {self.estimate}; "
            f"the most common answer alone would score {readable(self.guess)}"
        )


def expert_accuracy(
    j: Judgments, *, experts: Iterable[str] | str | None = None, least_experts: int = 3, least_items: int = 50
) -> Estimate:
    """Accuracy of the experts against gold, over items: they are a named panel, not a sample of experts.

    Raises
    ------
    NotEstimable
        If no experts are named, or fewer than ``least_experts`` answered gold,
        or one of them answered fewer than ``least_items`` items.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x" if (i + 7 * k) % 20 else "y", "x") for i in range(100) for k, r in enumerate("abc")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> expert_accuracy(j, experts="a,b,c").value
    0.95
    """
    return accuracy(_experts(j, experts, least_experts, least_items), over="items")


def bars_from_experts(
    j: Judgments,
    *,
    experts: Iterable[str] | str | None = None,
    margin: float = 0.10,
    least_experts: int = 3,
    least_items: int = 50,
) -> Bars:
    """The bars that this gold allows: nobody is asked to do better than experts do on it.

    The good bar is the low end of the interval of the experts' accuracy,
    (over items, for this panel), rounded down to a full percent: a rater who is
    as good as the experts is at or above it. The unacceptable bar lies ``margin`` below (a house rule).

    Experts who wrote the gold score themselves; use answers they gave before,
    apart from each other, or other experts. An easy gold set gives high bars
    that say little about hard items.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold, the experts among the raters.
    experts : iterable of str, or text with commas, optional
        Who they are, by ``rater_id``; otherwise those whose column ``role``
        says ``expert``.
    margin : float
        Between the bars.
    least_experts, least_items : int
        Fewer are refused.

    Raises
    ------
    NotEstimable
        If experts or items are too few, or the unacceptable bar would be
        cleared by always giving the most common gold answer.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "xyz"[(i + (i + 7 * k) % 20 // 19) % 3], "xyz"[i % 3])
    ...         for i in range(300) for k, r in enumerate("abcd")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> made = bars_from_experts(j, experts=["a", "b", "c", "d"])
    >>> made.good, made.unacceptable
    (0.93, 0.83)
    """
    if not 0 < margin < 1:
        raise HaloError(f"the margin between the bars lies between 0 and 1; got {margin!r}")
    answered = _experts(j, experts, least_experts, least_items)
    made = accuracy(answered, over="items")
    good = min(math.floor(100 * made.low + 1e-9) / 100, 0.99)
    unacceptable = round(good - margin, 10)
    gold = on_gold(answered).unique("item_id")["gold"]
    guess = float(gold.value_counts()["count"].max()) / len(gold)  # type: ignore[arg-type]
    if unacceptable <= guess:
        raise NotEstimable(
            f"experts score {readable(made.value)} (low end {readable(made.low)}), so the unacceptable bar would be "
            f"{readable(unacceptable)}; always giving the most common answer scores {readable(guess)} on this gold. "
            "Balance the gold over the labels, or settle what the experts miss"
        )
    return Bars(unacceptable, good, made, by_rater(answered), guess)


def _experts(j: Judgments, experts: Iterable[str] | str | None, least_experts: int, least_items: int) -> Judgments:
    named = [e.strip() for e in experts.split(",")] if isinstance(experts, str) else list(experts or ())
    if not named and "role" in j.columns:
        named = j.frame.filter(pl.col("role") == "expert")["rater_id"].unique().to_list()
    if not named:
        raise NotEstimable(
            "nobody is named as an expert; give the `rater_id` of each with the option `experts`, "
            "or mark their judgments with `expert` in a column `role`"
        )
    gold = j.one().only(rater_id=named)
    counts = by_rater(gold).set_index("rater_id")["n"]
    if len(counts) < least_experts:
        raise NotEstimable(
            f"{counted(len(counts), 'expert')} answered gold; it takes {least_experts} to see how far experts differ"
        )
    if counts.min() < least_items:
        raise NotEstimable(
            f"an expert answered {counted(int(counts.min()), 'gold item')}; {least_items} from each are needed"
        )
    return gold
