"""What an aggregation returns: a label for each item, how sure, and whom it rests on."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from ..errors import BadOption, NotEstimable
from ..results import Caution, Estimate
from ..stats.checks import check_probability
from .dependence import Dependence, dependence
from .fitted_labels import FittedLabels, Ties
from .item_shares import ConsensusShares, credit_on_gold, in_bands, share_of_items

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURE = "consensus"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Consensus(FittedLabels):
    """The labels that judgments add up to, and when not to believe them.

    Attributes
    ----------
    method : str
        The model.
    ties : {"none", "share", "first"}
        What is done where labels tie; see `decide`.
    min_probability, min_margin : float
        Below them an item has no consensus; see `decide`.
    labels : pandas.DataFrame
        One row per item, in the order of the data: ``item_id``, ``label``
        (missing where there is no consensus; with ``ties="share"`` every tied
        label, separated by ``|`` as in a gold cell), ``probability`` (of the
        best label), ``margin`` (to the next one), ``n`` (judgments), ``settled``
        (``consensus``, ``tie``, ``low probability`` or ``small margin``; the last
        two are no consensus), and what the model knows of items besides (``ease``).
    probabilities : pandas.DataFrame
        Items by labels.
    raters : pandas.DataFrame
        ``rater_id``, ``n`` (judgments), ``accuracy`` (estimated share of them
        that is right), ``low``, ``high``; then what the model knows besides
        (``competence``, ``ability``, ``bias``, ``spread``).
    confusion : pandas.DataFrame
        ``rater_id``, ``true``, ``given``, ``probability``, ``low``, ``high``.
    prevalence : dict
        Label to its estimated share among the items.
    log_likelihood : float
        Of the judgments, natural logarithm, without multinomial coefficients.
    converged, iterations : bool, int
        Whether the fit reached its fixed point, and after how many rounds.
    dependence : Dependence
        Whether raters agree more than the model allows: tested when first asked for.
    n_items, n_raters, n_judgments : int
        What it rests on.
    """

    @cached_property
    def dependence(self) -> Dependence:
        """Whether raters agree more than the model allows: tested when first asked for."""
        return dependence(self._votes, seed=self.seed)

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """When not to believe it, one sentence each; asks for ``dependence``."""
        return (*self.notes, *self.dependence.cautions)

    def decide(self, *, ties: Ties = "none", min_probability: float = 0.0, min_margin: float = 0.0) -> "Consensus":
        """Return the same consensus with its labels settled by another rule.

        Parameters
        ----------
        ties : {"none", "share", "first"}
            Where labels tie: no consensus; all of them, as ``a|b``; or the first in
            the order of the scale, which is what many tools do without a word.
            ``settled`` says ``tie`` in each case.
        min_probability : float
            Lowest probability of a consensus; below it ``low probability``.
        min_margin : float
            Lowest distance to the runner-up; below it ``small margin``.

        Raises
        ------
        BadOption
            For other ties, or a bound that is no share.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = pd.DataFrame({"item_id": ["a", "a"], "rater_id": ["r1", "r2"], "label": ["x", "y"]})
        >>> aggregation.majority(rows).decide(ties="share").labels["label"].tolist()
        ['x|y']
        """
        if ties not in get_args(Ties):
            raise BadOption.of("ties", ties, get_args(Ties))
        check_probability(min_probability, option="min_probability")
        check_probability(min_margin, option="min_margin")
        decided = replace(self, ties=ties, min_probability=min_probability, min_margin=min_margin)
        if "dependence" in vars(self):  # the test does not depend on the rule
            vars(decided)["dependence"] = self.dependence
        return decided

    def by_rater(self) -> ConsensusShares:
        """Return ``raters`` with its picture.

        A rater whom the others outvote for being right looks bad here: it is a
        reason to look at items, not a verdict on a person.
        """
        unit, title = "estimated share right", "Raters under the model"
        return ConsensusShares(by="rater_id", value="accuracy", table=self.raters, unit=unit, title=title)

    def usual_errors(self) -> pd.DataFrame:
        """List each rater's commonest error: what they say how often where something else is true.

        Returns
        -------
        pandas.DataFrame
            ``rater_id``, ``true``, ``given``, ``probability``, ``low``, ``high``;
            the likeliest first, raters who never err left out.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "xy"[i % 2]) for i in range(20) for r in "pqr"] + [(i, "s", "x") for i in range(20)]
        >>> consensus = aggregation.dawid_skene(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
        >>> consensus.usual_errors()[["rater_id", "true", "given", "probability"]].values.tolist()
        [['s', 'y', 'x', 1.0]]
        """
        wrong = self.confusion[self.confusion["true"] != self.confusion["given"]]
        wrong = wrong.assign(weight=wrong["probability"] * wrong["true"].map(self.prevalence).astype(float))
        worst = wrong[wrong["weight"] > 1e-6].sort_values("weight", ascending=False, kind="stable")
        top = worst.drop_duplicates("rater_id").sort_values("probability", ascending=False, kind="stable")
        return top.drop(columns="weight").reset_index(drop=True)

    def bands(self, *, confidence: float = 0.95) -> ConsensusShares:
        """Tell how many items have which probability.

        Returns
        -------
        ConsensusShares
            Table: ``band``, ``n`` (items), ``share``, ``low``, ``high``.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "x") for i in range(10) for r in "pqr"]
        >>> consensus = aggregation.majority(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
        >>> consensus.bands().table[["band", "n", "share"]].values.tolist()
        [['0.99 to 1.0', 10, 1.0]]
        """
        everything, estimates, rows = np.arange(self.n_items), {}, {}
        for band, inside in in_bands(self.labels["probability"].to_numpy()):
            estimates[band] = self._share(everything, inside, "items in a band of probability", confidence)
            rows[band] = {"n": int(inside.sum())}
        title = "Items by probability of their label"
        return ConsensusShares.of("band", "share", rows, estimates, unit="share of items", title=title)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Share of sure items and accuracy on gold, as far as they can be estimated."""
        estimates = {}
        for name, method in (("confident_share", self.confident_share), ("gold_accuracy", self.gold_accuracy)):
            try:
                estimates[name] = method()
            except NotEstimable:
                continue
        return estimates

    def plot(self) -> "Figure":
        """Draw how many items have which probability."""
        return self.bands().plot()

    def confident_share(self, *, at_least: float = 0.9, confidence: float = 0.95) -> Estimate:
        """Estimate the share of items with a consensus of at least this probability.

        The probabilities are taken as the model gives them: where the model is
        wrong, so is this figure, and its interval knows nothing of that.

        Raises
        ------
        NotEstimable
            For a majority: shares of votes are no probabilities of being right.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
        >>> consensus = aggregation.dawid_skene(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
        >>> consensus.confident_share().value
        1.0
        """
        check_probability(at_least, option="at_least")
        if not self.iterations:
            text = f"{self.method}: shares of votes are no probabilities of being right; fit a model"
            raise NotEstimable(text, public=text)
        sure = (self.labels["probability"] >= at_least) & (self.labels["settled"] == "consensus")
        quantity = f"items with a consensus of probability {at_least:g} or more ({self.method})"
        return self._share(np.arange(self.n_items), sure.to_numpy(), quantity, confidence).with_cautions(*self.cautions)

    def gold_accuracy(self, *, confidence: float = 0.95) -> Estimate:
        """Estimate the share of gold items whose consensus label is an accepted answer.

        Of tied labels (``ties="share"``) each counts in part. Items without a
        consensus are left out, and a caution says how many. The interval is over
        clusters of items where the data have them, otherwise over items.

        Do not trust it where gold was used in the fit, or where gold items were
        picked because they are clear.

        Raises
        ------
        NotEstimable
            If no item has gold, or none of them has a consensus.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "x", "x" if i else "y") for i in range(10) for r in "pqr"]
        >>> frame = pd.DataFrame(rows + [(10, "p", "y", None)], columns=["item_id", "rater_id", "label", "gold"])
        >>> print(aggregation.majority(frame).gold_accuracy())
        0.9 (95% interval 0.53 to 0.998 over items; 10 items, 3 raters, 30 judgments)
        """
        known, credit, left_out = credit_on_gold(self._votes, self.labels, shared=self.ties == "share")
        quantity = f"gold items on which the consensus ({self.method}) is right"
        used = [note for note in self.notes if note.code == "gold_used"]
        return self._share(known, credit, quantity, confidence).with_cautions(*left_out, *used)

    def gold_calibration(self, *, confidence: float = 0.95) -> ConsensusShares:
        """Set the probability that the consensus claims beside its accuracy on gold, by bands of probability.

        Returns
        -------
        ConsensusShares
            Table: ``band``, ``n`` (gold items with a consensus), ``probability``
            (mean), ``accuracy``, ``low``, ``high``.

        Raises
        ------
        NotEstimable
            If no item has gold, or none of them has a consensus.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "x", "x" if i else "y") for i in range(10) for r in "pqr"]
        >>> frame = pd.DataFrame(rows + [(10, "p", "y", None)], columns=["item_id", "rater_id", "label", "gold"])
        >>> table = aggregation.majority(frame).gold_calibration().table
        >>> table[["band", "n", "probability", "accuracy"]].values.tolist()
        [['0.99 to 1.0', 10, 1.0, 0.9]]
        """
        known, credit, _ = credit_on_gold(self._votes, self.labels, shared=self.ties == "share")
        p, estimates, rows = self.labels["probability"].to_numpy()[known], {}, {}
        for band, inside in in_bands(p):
            quantity = "gold items on which the consensus is right, in a band of probability"
            estimates[band] = self._share(known[inside], credit[inside], quantity, confidence)
            rows[band] = {"n": int(inside.sum()), "probability": float(p[inside].mean())}
        title = "Does the confidence hold?"
        return ConsensusShares.of("band", "accuracy", rows, estimates, unit="share right", title=title)

    def label_counts(self, other: "Consensus") -> pd.DataFrame:
        """Count the items of each label under this and another way of aggregating.

        Returns
        -------
        pandas.DataFrame
            ``label``, a column per method (items), ``prevalence`` under this one;
            the last row counts the items without one label.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
        >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
        >>> aggregation.dawid_skene(frame).label_counts(aggregation.majority(frame))["majority"].tolist()
        [5, 5, 0]
        """
        labels = list(self.prevalence)
        counts = {
            consensus.method: [int((consensus.labels["label"] == label).sum()) for label in labels]
            for consensus in (other, self)
        }
        columns = {name: [*n, self.n_items - sum(n)] for name, n in counts.items()}
        return pd.DataFrame(
            {"label": [*labels, "no single label"], **columns, "prevalence": [*self.prevalence.values(), None]}
        )

    def differing(self, other: "Consensus") -> pd.DataFrame:
        """List the items to which this and another way of aggregating the same judgments give different labels.

        An item without a consensus in one of them only is among them.

        Returns
        -------
        pandas.DataFrame
            ``item_id``, ``votes`` in words, a column per method (missing: no
            consensus), ``probability`` (of this one's label), ``settled`` (the
            other one); the surest first.

        Raises
        ------
        BadOption
            If they are of different items.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = pd.DataFrame({"item_id": [*"aaa"], "rater_id": ["r1", "r2", "r3"], "label": [*"xxy"]})
        >>> weighted = aggregation.majority(rows, weights={"r1": 1, "r2": 1, "r3": 5})
        >>> weighted.differing(aggregation.majority(rows))[["votes", "majority", "weighted majority"]].values.tolist()
        [['x 2, y 1', 'x', 'y']]
        """
        here, there = self.labels, other.labels
        if not np.array_equal(here["item_id"].to_numpy(), there["item_id"].to_numpy()):
            raise BadOption("the two are not of the same items")
        mine, theirs = (table["label"].astype(object) for table in (here, there))
        apart = (mine.isna() != theirs.isna()) | (mine.notna() & (mine.astype(str) != theirs.astype(str)))
        rows = np.flatnonzero(apart.to_numpy())
        table = pd.DataFrame(
            {
                "item_id": here["item_id"].to_numpy()[rows],
                "votes": [self._votes_in_words(n) for n in rows],
                other.method: theirs.to_numpy()[rows],
                self.method: mine.to_numpy()[rows],
                "probability": here["probability"].to_numpy()[rows],
                "settled": there["settled"].to_numpy()[rows],
            }
        )
        return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)

    def _votes_in_words(self, item: Any) -> str:
        tally = self._votes.tally[item]
        order = [k for k in np.argsort(-tally, kind="stable") if tally[k]]
        return ", ".join(f"{self._votes.labels[k]} {int(tally[k])}" for k in order)

    def _share(self, items: np.ndarray, hits: np.ndarray, quantity: str, confidence: float) -> Estimate:
        return share_of_items(self._votes, items, hits, quantity=quantity, measure=MEASURE, confidence=confidence)
