"""Two groups beside each other: on the same items, on the same mix of work, or not at all."""

from typing import Any, Literal

import polars as pl

from ..errors import NotEstimable
from ..judgments.table import rests_on
from ..results import Caution, Estimate, counted
from ..stats.change import pair_share, standardised_difference

Ground = Literal["best", "shared items", "case mix"]
STRATA = ("locale", "queue", "slice")
LEAST_SHARED, LEAST_RATERS, LEAST_JUDGMENTS, LEAST_OVERLAP = 20, 2, 10, 0.5
SIDE, STRATUM = "_second", "_stratum"


class TwoGroups:
    """Two groups of a column, and what their work allows."""

    def __init__(self, groups: dict[str, pl.DataFrame], a: str, b: str, column: str):
        self.a, self.b, self.column = a, b, column
        self.left, self.right = groups[a], groups[b]
        self.both = pl.concat(
            [self.left.with_columns(pl.lit(False).alias(SIDE)), self.right.with_columns(pl.lit(True).alias(SIDE))]
        )
        self.shared = set(self.left["item_id"]) & set(self.right["item_id"])
        self.share = f"{a} and {b} share {counted(len(self.shared), 'checked item')}"

    def difference(self, ground: Ground, confidence: float) -> tuple[Estimate, dict[str, object]]:
        """The difference of shares right, its ground, and the share of the judgments it speaks for."""
        for name, part in ((self.a, self.left), (self.b, self.right)):
            if part["rater_id"].n_unique() < LEAST_RATERS:
                raise NotEstimable(
                    f"{name} has one rater with checked work: the person can't be told from the {self.column}"
                )
        if ground == "best":
            ground = "shared items" if len(self.shared) >= LEAST_SHARED else "case mix"
        cautions: tuple[Caution, ...] = ()
        if ground == "shared items":
            if len(self.shared) < LEAST_SHARED:
                raise NotEstimable(f"{self.share}; it takes {LEAST_SHARED}")
            rows = self.both.filter(pl.col("item_id").is_in(list(self.shared)))
            rows, how = rows.with_columns(pl.col("item_id").alias(STRATUM)), "on shared items"
        else:
            rows, how = self._common(), "standardised to the same mix of work"
            cautions = self._covered(rows)
        value, low, high = standardised_difference(
            rows["right"],
            rows[SIDE],
            rows[STRATUM],
            rows["rater_id"],
            rows["item_id"],
            drawn=ground == "shared items",
            confidence=confidence,
        )
        if low == high:
            text = "Nothing varies between items or raters, so the interval has no width."
            cautions = (*cautions, Caution("no_spread", text))
        method = f"difference of shares right, {how}; two-way cluster variance"
        estimate = _estimate((value, low, high), confidence, method, rests_on(rows, "right"), cautions)
        return estimate, {"ground": ground, "overlap": rows.height / self.both.height}

    def agreement(self, confidence: float) -> tuple[Estimate, dict[str, object]]:
        """The share of pairs of judgments that agree, and kappa."""
        if len(self.shared) < LEAST_SHARED:
            items = counted(len(self.shared), "item")
            raise NotEstimable(f"{self.a} and {self.b} judged {items} in common; it takes {LEAST_SHARED}")
        wanted = ["item_id", "rater_id", "label"]
        pairs = self.left.select(wanted).join(self.right.select(wanted), on="item_id", suffix="_b")
        same = (pairs["label"] == pairs["label_b"]).to_numpy()
        people = pairs["rater_id"], pairs["rater_id_b"]
        value, low, high = pair_share(same, pairs["item_id"], *people, confidence=confidence)
        first, second = (dict(pairs[c].value_counts(normalize=True).iter_rows()) for c in ("label", "label_b"))
        chance = sum(share * second.get(label, 0.0) for label, share in first.items())
        method = "share of pairs of judgments, one from each group, that agree; three-way cluster score interval"
        rests = rests_on(self.both.filter(pl.col("item_id").is_in(list(self.shared))), "labels")
        estimate = _estimate((value, low, high), confidence, method, rests)
        return estimate, {"kappa": (value - chance) / (1 - chance) if chance < 1 else float("nan")}

    def _covered(self, rows: pl.DataFrame) -> tuple[Caution, ...]:
        """Refuse strata that hold less than half of a group's work; say what they hold if not all."""
        sides = ((False, self.left), (True, self.right))
        first, second = (rows.filter(pl.col(SIDE) == side).height / part.height for side, part in sides)
        if min(first, second) < LEAST_OVERLAP:
            raise NotEstimable(
                f"{self.a} and {self.b} do the same kind of work in {first:.0%} and {second:.0%} of their checked "
                f"judgments; a comparison speaks for both only from {LEAST_OVERLAP:.0%} of each"
            )
        if min(first, second) == 1:
            return ()
        text = f"It speaks for {first:.0%} of the checked judgments of {self.a} and {second:.0%} of those of {self.b}."
        return (Caution("part_of_the_work", text),)

    def _common(self) -> pl.DataFrame:
        """The judgments in strata where both groups work, with their stratum."""
        a, b, column = self.a, self.b, self.column
        strata = [c for c in STRATA if c in self.both.columns and c != column]
        if not strata:
            others = ", ".join(c for c in STRATA if c != column)
            raise NotEstimable(
                f"{self.share} and there is no other column ({others}) to adjust by, so a difference could be the "
                "work's and not theirs"
            )
        for c in strata:
            if not set(self.left[c]) & set(self.right[c]):
                raise NotEstimable(
                    f"{a} and {b} never work in the same {c}, and {self.share.removeprefix(f'{a} and {b} ')}: {column} "
                    f"and {c} can't be told apart; let both judge the same {LEAST_SHARED} items, or give both a part "
                    f"of one {c}"
                )
        values = [pl.col(c).fill_null("") for c in strata]
        rows = self.both.with_columns(pl.concat_str(values, separator="\x1f").alias(STRATUM))
        cells = rows.group_by(STRATUM, SIDE).agg(pl.col("rater_id").n_unique().alias("r"), pl.len().alias("n"))
        enough = cells.filter((pl.col("r") >= LEAST_RATERS) & (pl.col("n") >= LEAST_JUDGMENTS))
        both = enough.group_by(STRATUM).len().filter(pl.col("len") == 2)[STRATUM]
        rows = rows.filter(pl.col(STRATUM).is_in(both.implode()))
        if rows.is_empty():
            raise NotEstimable(
                f"{a} and {b} share no kind of work ({' × '.join(strata)}) in which each has {LEAST_RATERS} raters and "
                f"{LEAST_JUDGMENTS} checked judgments"
            )
        return rows


def _estimate(
    ends: tuple[float, float, float],
    confidence: float,
    method: str,
    rests: dict[str, Any],
    cautions: tuple[Caution, ...] = (),
) -> Estimate:
    value, low, high = ends
    return Estimate(
        value=value,
        low=low,
        high=high,
        confidence=confidence,
        method=method,
        over="items and raters",
        cautions=cautions,
        **rests,
    )
