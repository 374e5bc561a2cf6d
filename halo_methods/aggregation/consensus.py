"""What an aggregation returns: a label for each item, how sure, and whom it rests on."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments.cells import gold_text
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, counted, readable
from ..stats import check_probability, two_way_share
from ..stats.checks import check_count
from ..stats.proportions import informed_interval
from .dependence import Dependence, dependence
from .em import Fit
from .vote_table import Array, Ints, Mask, Votes

Ties = Literal["none", "share", "first"]
BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
SAME = 1e-9
LABELS_OF_A_MODEL = 5  # PIP-044
UNUSABLE = {
    "class_not_its_label": "raters give a fitted class another label more often than its own",
    "no_better_than_chance": "the raters are no better than chance under this model",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ConsensusShares:
    """Shares with their intervals, one row per band of probability, rater or method.

    Attributes
    ----------
    by : str
        The column that names the rows.
    value : str
        The column of shares; ``low`` and ``high`` are beside it.
    table : pandas.DataFrame
    unit, title : str
        Of the picture.
    estimates : dict of str to Estimate
        By row; empty for raters, whose table holds the intervals.
    """

    by: str
    value: str
    table: pd.DataFrame
    unit: str
    title: str
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @classmethod
    def of(
        cls, by: str, value: str, rows: Mapping[str, tuple[dict[str, Any], Estimate | None]], *, unit: str, title: str
    ) -> "ConsensusShares":
        """Make the table of some rows, each with its estimate; a row without one has none of the three figures."""
        figures = {name: (e.value, e.low, e.high) if e else (np.nan,) * 3 for name, (_, e) in rows.items()}
        ends = pd.DataFrame(figures.values(), columns=[value, "low", "high"])
        table = pd.DataFrame([{by: name, **columns} for name, (columns, _) in rows.items()]).join(ends)
        estimates = {name: e for name, (_, e) in rows.items() if e}
        return cls(by=by, value=value, table=table, unit=unit, title=title, estimates=estimates)

    def plot(self) -> Figure:
        """Draw a dot per row with its interval; where the probability claimed is known, against it."""
        from .. import plots

        if (self.by, self.value) == ("band", "accuracy"):
            return plots.confidence(self.table, title=self.title)
        table = self.table.dropna(subset=[self.value])
        return plots.intervals(table, self.by, self.value, unit=self.unit, title=self.title)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Consensus(Fit):
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

    method: str
    ties: Ties = "none"
    min_probability: float = 0.0
    min_margin: float = 0.0
    seed: int = 0
    _votes: Votes

    @cached_property
    def labels(self) -> pd.DataFrame:
        """A label for each item; see the class."""
        votes, p = self._votes, self.posterior
        names = np.array([*votes.labels], dtype=object)
        top = p[np.arange(len(p)), p.argmax(1)]
        margin = top - np.partition(p, -2, axis=1)[:, -2] if p.shape[1] > 1 else top
        tied, low, small = margin <= SAME, top < self.min_probability - SAME, margin < self.min_margin - SAME
        best = p >= top[:, None] - SAME
        label = names[best.argmax(1)]
        for n in np.flatnonzero(tied) if self.ties == "share" else ():
            label[n] = gold_text(map(str, names[best[n]]))
        label[low | np.where(tied, self.ties == "none", small)] = None
        settled = np.select([low, tied, small], ["low probability", "tie", "small margin"], "consensus")
        columns = {"item_id": votes.items, "label": label, "probability": top, "margin": np.where(tied, 0.0, margin)}
        return pd.DataFrame(columns | {"n": votes.n_by_item.astype(int), "settled": settled, **self.of_items})

    @cached_property
    def _chosen(self) -> Mask:
        """The labels that each item's decision stands for: none, one, or where ties are shared several."""
        chosen = self.posterior >= self.labels["probability"].to_numpy()[:, None] - SAME
        if self.ties != "share":
            chosen = np.eye(chosen.shape[1], dtype=bool)[chosen.argmax(1)]
        chosen[self.labels["label"].isna()] = False
        return chosen

    @property
    def table(self) -> pd.DataFrame:
        """The same as ``labels``."""
        return self.labels

    @cached_property
    def probabilities(self) -> pd.DataFrame:
        """Items by labels."""
        items = pd.Index(self._votes.items, name="item_id")
        return pd.DataFrame(self.posterior, index=items, columns=list(self._votes.labels))

    @cached_property
    def raters(self) -> pd.DataFrame:
        """Each rater's estimated share of right judgments, with its interval."""
        votes, p = self._votes, self.posterior
        labels = np.arange(len(votes.labels))
        n = votes.given.sum(axis=0).reshape(len(votes.raters), -1).sum(1)
        accuracy = np.clip(votes.sums(p)[:, labels, labels].sum(1) / n, 0.0, 1.0)
        doubt = votes.sums(p * (1 - p))[:, labels, labels].sum(1)
        low, high = informed_interval(n, doubt, accuracy)
        columns = {"rater_id": list(votes.raters), "n": n.astype(int), "accuracy": accuracy, "low": low, "high": high}
        return pd.DataFrame(columns | self.of_raters)

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """What each rater makes of each true label: long, with intervals."""
        votes, p = self._votes, self.posterior
        weight, doubt = (np.moveaxis(votes.sums(x), 2, 1) for x in (p, p * (1 - p)))
        chance = np.clip(np.moveaxis(self.tables, 2, 1), 0.0, 1.0)
        hidden = doubt * (1 - chance) ** 2 + (doubt.sum(2, keepdims=True) - doubt) * chance**2
        trials = np.broadcast_to(weight.sum(2, keepdims=True), chance.shape)
        low, high = informed_interval(trials, hidden, chance)
        rater, true, given = np.indices(chance.shape).reshape(3, -1)
        names, labels = (np.array([*values], dtype=object) for values in (votes.raters, votes.labels))
        columns = {"rater_id": names[rater], "true": labels[true], "given": labels[given]}
        return pd.DataFrame(columns | {"probability": chance.ravel(), "low": low.ravel(), "high": high.ravel()})

    @property
    def prevalence(self) -> dict[Any, float]:
        """Label to its estimated share among the items."""
        return dict(zip(self._votes.labels, self.prior.tolist(), strict=True))

    @property
    def n_items(self) -> int:
        """Items judged."""
        return len(self._votes.items)

    @property
    def n_raters(self) -> int:
        """Raters who judged them."""
        return len(self._votes.raters)

    @property
    def n_judgments(self) -> int:
        """Judgments counted."""
        return len(self._votes.rows)

    @property
    def no_consensus(self) -> dict[str, int]:
        """Items without a single agreed label, by reason."""
        counts = self.labels["settled"].value_counts()
        return {str(reason): int(n) for reason, n in counts.items() if reason != "consensus"}

    @cached_property
    def notes(self) -> tuple[Caution, ...]:
        """What the fit itself says against its use."""
        votes, notes = self._votes, list(self.doubts)
        if self.n_raters < 3:
            text = f"{counted(self.n_raters, 'rater')}: with fewer than three, nothing in the data tells who is right."
            notes.append(Caution("few_raters", text))
        if self.iterations and (each := float(votes.n_by_item.mean())) < LABELS_OF_A_MODEL:
            text = f"{readable(each)} judgments per item: below {LABELS_OF_A_MODEL}, probabilities rest on the model."
            notes.append(Caution("few_judgments_per_item", text))
        if self.prior.max() > 0.9:
            top = votes.labels[int(self.prior.argmax())]
            text = (
                f"{100 * self.prior.max():.3g}% of items are {top!r}: rare labels may be lost; "
                "compare with the majority item by item."
            )
            notes.append(Caution("one_label", text))
        return tuple(notes)

    def trusted(self) -> "Consensus":
        """Return it, unless the fit itself says that its probabilities are not those of the labels.

        Raises
        ------
        NotEstimable
            If raters give a fitted class another label more often than its own, or are no better than chance.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
        >>> aggregation.dawid_skene(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).trusted().n_items
        10
        """
        for doubt in self.doubts:
            if doubt.code in UNUSABLE:
                raise NotEstimable(str(doubt), public=UNUSABLE[doubt.code])
        return self

    def __str__(self) -> str:
        sizes = ((self.n_items, "item"), (self.n_raters, "rater"), (self.n_judgments, "judgment"))
        agreed = self.n_items - sum(self.no_consensus.values())
        end = f"converged after {self.iterations} rounds" if self.converged else "NOT converged"
        parts = [", ".join(counted(n, noun) for n, noun in sizes), *([end] if self.iterations else [])]
        mean = readable(float(self.labels["probability"].mean()))
        settled = f"{agreed:,} of {counted(self.n_items, 'item')} have a consensus"
        return f"{self.method}: {settled}, mean probability {mean} ({'; '.join(parts)})"

    __repr__ = __str__

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
        BadOption.unless("ties", ties, get_args(Ties))
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
        items, quantity = np.arange(self.n_items), "items in a band of probability"
        rows = {
            band: ({"n": int(inside.sum())}, self._share(items, inside, quantity, confidence))
            for band, inside in self._bands(items)
        }
        title = "Items by probability of their label"
        return ConsensusShares.of("band", "share", rows, unit="share of items", title=title)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Share of sure items and accuracy on gold, as far as they can be estimated."""
        estimates = {}
        for name, method in (("confident_share", self.confident_share), ("gold_accuracy", self.gold_accuracy)):
            with suppress(NotEstimable):
                estimates[name] = method()
        return estimates

    def plot(self) -> Figure:
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
            raise NotEstimable(text, public=True)
        self.trusted()
        sure = (self.labels["probability"] >= at_least) & (self.labels["settled"] == "consensus")
        quantity = f"items with a consensus of probability {at_least:g} or more ({self.method})"
        return self._share(np.arange(self.n_items), sure.to_numpy(), quantity, confidence).with_cautions(*self.cautions)

    def enough_labels(self, *, labels: int = LABELS_OF_A_MODEL) -> Estimate:
        """Count the share of items with at least so many labels, where a model of the raters decides.

        Raises
        ------
        NotEstimable
            For a majority, of which no number of labels is asked.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in ("pqrst" if i else "pqr")]
        >>> consensus = aggregation.dawid_skene(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
        >>> consensus.enough_labels().value
        0.9
        """
        check_count(labels, option="labels", least=1)
        if not self.iterations:
            text = f"{self.method}: no number of labels per item is asked where no model of the raters decides"
            raise NotEstimable(text, public=True)
        share = float((self._votes.n_by_item >= labels).mean())
        method = f"share of items with {labels} labels or more ({self.method})"
        return Estimate.count(share, method=method, **rests_on(self._votes.rows, "labels per item"))

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
        known, credit, left_out = self._on_gold()
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
        known, credit, _ = self._on_gold()
        p, rows = self.labels["probability"].to_numpy()[known], {}
        for band, inside in self._bands(known):
            quantity = "gold items on which the consensus is right, in a band of probability"
            share = self._share(known[inside], credit[inside], quantity, confidence)
            rows[band] = ({"n": int(inside.sum()), "probability": float(p[inside].mean())}, share)
        title = "Does the confidence hold?"
        return ConsensusShares.of("band", "accuracy", rows, unit="share right", title=title)

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
        columns: dict[str, list[Any]] = {}
        for consensus in (other, self):
            counts = [int((consensus.labels["label"] == label).sum()) for label in self.prevalence]
            columns[consensus.method] = [*counts, self.n_items - sum(counts)]
        columns["prevalence"] = [*self.prevalence.values(), None]
        return pd.DataFrame({"label": [*self.prevalence, "no single label"], **columns})

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
        here, there, votes = self.labels, other.labels, self._votes
        if (*votes.items, *votes.labels) != (*other._votes.items, *other._votes.labels):
            raise BadOption("the two are not of the same items")
        rows, in_words = np.flatnonzero((self._chosen != other._chosen).any(1)), []
        for tally in votes.tally[rows]:
            given = [k for k in np.argsort(-tally, kind="stable") if tally[k]]
            in_words.append(", ".join(f"{votes.labels[k]} {int(tally[k])}" for k in given))
        both = {other.method: there["label"], self.method: here["label"], "settled": there["settled"]}
        table = here[["item_id", "probability"]].assign(**both).iloc[rows].assign(votes=in_words)
        table = table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)
        return table[list(dict.fromkeys(["item_id", "votes", other.method, self.method, "probability", "settled"]))]

    def _bands(self, items: Ints) -> Iterator[tuple[str, Mask]]:
        """Tell for each band of probability that occurs among some items which of them lie in it."""
        p = self.labels["probability"].to_numpy()[items]
        at = np.clip(np.digitize(p + 1e-12, BANDS), 1, len(BANDS) - 1)
        for k in np.unique(at):
            yield f"{BANDS[k - 1]} to {BANDS[k]}", at == k

    def _on_gold(self) -> tuple[Ints, Array, tuple[Caution, ...]]:
        """Places of the gold items with a label, whether it is right (a part where tied labels share), a caution."""
        accepted = self._votes.accepted
        if accepted is None:
            text = "no judged item has a gold answer; add a `gold` column, at least for some items"
            raise NotEstimable(text, public=True)
        known = np.flatnonzero(~accepted.all(axis=1))
        if not len(known):
            raise NotEstimable("no gold answer is one of several labels")
        chosen = self._chosen[known]
        settled = chosen.any(1)
        if not settled.any():
            raise NotEstimable(f"none of the {counted(len(known), 'gold item')} has a consensus")
        credit = (chosen & accepted[known])[settled].sum(1) / chosen[settled].sum(1)
        text = f"{(~settled).sum():,} of {counted(len(known), 'gold item')} have no consensus and are left out."
        return known[settled], credit, () if settled.all() else (Caution("no_consensus_left_out", text),)

    def _share(self, items: Ints, hits: np.ndarray, quantity: str, confidence: float) -> Estimate:
        """Estimate a share of items, all raters of an item together one trial.

        What is drawn anew is the cluster (prompt, conversation, document) where the
        data have a column ``cluster``, otherwise the item; see `stats.two_way_share`
        over items.
        """
        names = self._votes.items[items]
        rows = self._votes.rows.filter(pl.col("item_id").is_in(names.tolist()))
        groups = names
        if "cluster" in rows.columns:
            first = rows.group_by("item_id").agg(pl.col("cluster").drop_nulls().first())
            of = {item: f"cluster {cluster}" for item, cluster in first.iter_rows() if cluster is not None}
            groups = np.array([of.get(name, name) for name in names], dtype=object)
        share = two_way_share(hits, np.zeros(len(hits)), groups, over="items", confidence=confidence, quantity=quantity)
        return replace(share, **rests_on(rows, "consensus"))
