"""Bars set from what experts score on the same gold."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import share_right
from ..results import Estimate, counted, readable
from ..stats.checks import check_count, check_probability
from .exams import right_counts


@dataclass(frozen=True, eq=False, kw_only=True)
class Bars:
    """Two bars for a certification, and what they rest on.

    Attributes
    ----------
    unacceptable, good : float
        Proposed bars.
    estimate : Estimate
        The experts' accuracy, pooled, with its interval.
    guess : float
        What a rater scores who always gives the most common gold answer.
    """

    unacceptable: float
    good: float
    estimate: Estimate
    guess: float

    def __str__(self) -> str:
        return (
            f"good {readable(self.good)}, unacceptable {readable(self.unacceptable)}: experts score {self.estimate}; "
            f"the most common answer alone would score {readable(self.guess)}"
        )


def expert_accuracy(
    j: Judgments, *, experts: Iterable[str] | str | None = None, min_experts: int = 3, min_items: int = 50
) -> Estimate:
    """Estimate the accuracy of the experts against gold, over items: they are a named panel, not a sample.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold, the experts among the raters.
    experts : iterable of str, or text with commas, optional
        Who they are, by ``rater_id``; otherwise those whose column ``role`` says ``expert``.
    min_experts, min_items : int
        Fewer experts, or fewer items from one of them, are refused.

    Raises
    ------
    NotEstimable
        If no experts are named, or experts or items are too few.

    Examples
    --------
    >>> rows = [(i, r, "x" if (i + 7 * k) % 20 else "y", "x") for i in range(100) for k, r in enumerate("abc")]
    >>> frame = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "gold"], orient="row")
    >>> expert_accuracy(frame, experts="a,b,c").value
    0.95
    """
    return _accuracy(_answers(as_judgments(j), experts, min_experts, min_items))


def bars_from_experts(
    j: Judgments,
    *,
    experts: Iterable[str] | str | None = None,
    margin: float = 0.10,
    min_experts: int = 3,
    min_items: int = 50,
) -> Bars:
    """Propose the bars that this gold allows: no rater is asked to do better than experts do on it.

    The good bar is the low end of the interval of the experts' accuracy (over
    items, for this panel), rounded down to a full percent: a rater who is as
    good as the experts is at or above it. The unacceptable bar lies ``margin`` below.

    Experts who wrote the gold score themselves; use answers they gave before,
    independently, or other experts. An easy gold set gives high bars that say
    little about hard items.

    Parameters
    ----------
    j, experts, min_experts, min_items
        As in `expert_accuracy`.
    margin : float
        Between the bars.

    Raises
    ------
    NotEstimable
        If experts or items are too few, or the unacceptable bar would be
        cleared by always giving the most common gold answer.

    Examples
    --------
    >>> rows = [(i, r, "xyz"[(i + (i + 7 * k) % 20 // 19) % 3], "xyz"[i % 3])
    ...         for i in range(300) for k, r in enumerate("abcd")]
    >>> frame = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "gold"], orient="row")
    >>> bars = bars_from_experts(frame, experts=["a", "b", "c", "d"])
    >>> bars.good, bars.unacceptable
    (0.93, 0.83)
    """
    margin = check_probability(margin, option="margin", open_ends=True)
    answers = _answers(as_judgments(j), experts, min_experts, min_items)
    estimate = _accuracy(answers)
    good = min(math.floor(100 * estimate.low + 1e-9) / 100, 0.99)
    unacceptable = round(good - margin, 10)
    gold = answers.unique("item_id")["answer"]
    guess = float(gold.value_counts()["count"].max()) / len(gold)  # type: ignore[arg-type]
    if unacceptable <= guess:
        raise NotEstimable(
            f"experts score {readable(estimate.value)} (low end {readable(estimate.low)}), so the unacceptable bar "
            f"would be {readable(unacceptable)}; always giving the most common answer scores {readable(guess)} on this "
            "gold. Balance the gold over the labels, or settle what the experts miss"
        )
    return Bars(unacceptable=unacceptable, good=good, estimate=estimate, guess=guess)


def _accuracy(answers: pl.DataFrame) -> Estimate:
    return share_right(answers, over="items", quantity="accuracy of the experts against gold")


def _answers(j: Judgments, experts: Iterable[str] | str | None, min_experts: int, min_items: int) -> pl.DataFrame:
    """The marked answers of the experts."""
    min_experts = check_count(min_experts, option="min_experts", least=1)
    min_items = check_count(min_items, option="min_items", least=1)
    named = [e.strip() for e in experts.split(",")] if isinstance(experts, str) else list(experts or ())
    if not named and "role" in j.columns:
        named = j.frame.filter(pl.col("role") == "expert")["rater_id"].unique().to_list()
    if not named:
        text = (
            "no rater is named as an expert; give the `rater_id` of each with the option `experts`, "
            "or mark their judgments with `expert` in a column `role`"
        )
        raise NotEstimable(text, public=text)
    answers = j.one().only(rater_id=named).marked("gold")
    counts = right_counts(answers)
    if len(counts) < min_experts:
        raise NotEstimable(
            f"{counted(len(counts), 'expert')} answered gold; it takes {min_experts} to see how far experts differ"
        )
    fewest = counts.filter(pl.col("n") < min_items)
    if len(fewest):
        n = int(fewest["n"].min())  # type: ignore[arg-type]
        text = f"an expert answered {counted(n, 'gold item')}; {min_items} from each are needed"
        raise NotEstimable(text, who=fewest["rater_id"].to_list())
    return answers
