"""What a fit says of items, raters and labels, and against its own use."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..judgments.cells import gold_text
from ..results import Caution, counted, readable
from ..stats.proportions import informed_interval
from .em import Fit
from .vote_table import Votes

Ties = Literal["none", "share", "first"]
SAME = 1e-9


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FittedLabels:
    """A fit as tables of items, raters and labels; see `Consensus`, which users get."""

    method: str
    ties: Ties = "none"
    min_probability: float = 0.0
    min_margin: float = 0.0
    gold_used: bool = False
    seed: int = 0
    _votes: Votes
    _fit: Fit
    _tolerance: float = 0.0

    @cached_property
    def labels(self) -> pd.DataFrame:
        """A label for each item; see the class."""
        votes, p = self._votes, self._fit.posterior
        best = p.argmax(1)
        top = p[np.arange(len(p)), best]
        apart = top - np.partition(p, -2, axis=1)[:, -2] if p.shape[1] > 1 else np.ones(len(p))
        tied = apart <= SAME
        best = np.where(tied, (p >= top[:, None] - SAME).argmax(1), best)
        label = np.array([*votes.labels], dtype=object)[best]
        for n in np.flatnonzero(tied) if self.ties != "first" else ():
            winners = [votes.labels[k] for k in np.flatnonzero(p[n] >= top[n] - SAME)]
            label[n] = gold_text(str(w) for w in winners) if self.ties == "share" else None
        low, small = top < self.min_probability - SAME, apart < self.min_margin - SAME
        label[low | (small & ~tied)] = None
        settled = np.select([low, tied, small], ["low probability", "tie", "small margin"], "consensus")
        columns = {"item_id": votes.items, "label": label, "probability": top, "margin": np.where(tied, 0.0, apart)}
        return pd.DataFrame(columns | {"n": votes.n_by_item.astype(int), "settled": settled, **self._fit.items})

    @property
    def table(self) -> pd.DataFrame:
        """The same as ``labels``."""
        return self.labels

    @cached_property
    def probabilities(self) -> pd.DataFrame:
        """Items by labels."""
        items = pd.Index(self._votes.items, name="item_id")
        return pd.DataFrame(self._fit.posterior, index=items, columns=list(self._votes.labels))

    @cached_property
    def raters(self) -> pd.DataFrame:
        """Each rater's estimated share of right judgments, with its interval."""
        votes, p = self._votes, self._fit.posterior
        labels = np.arange(len(votes.labels))
        n = votes.n_by_rater
        accuracy = np.clip(votes.sums(p)[:, labels, labels].sum(1) / n, 0.0, 1.0)
        doubt = votes.sums(p * (1 - p))[:, labels, labels].sum(1)
        low, high = informed_interval(n, doubt, accuracy)
        columns = {"rater_id": list(votes.raters), "n": n.astype(int), "accuracy": accuracy, "low": low, "high": high}
        return pd.DataFrame(columns | self._fit.raters)

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """What each rater makes of each true label: long, with intervals."""
        votes, p = self._votes, self._fit.posterior
        weight, doubt = (np.moveaxis(votes.sums(x), 2, 1) for x in (p, p * (1 - p)))
        chance = np.clip(np.moveaxis(self._fit.tables, 2, 1), 0.0, 1.0)
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
        return dict(zip(self._votes.labels, self._fit.prior.tolist(), strict=True))

    @property
    def log_likelihood(self) -> float:
        """Of the judgments, natural logarithm."""
        return self._fit.log_likelihood

    @property
    def converged(self) -> bool:
        """Whether the fit reached its fixed point."""
        return self._fit.converged

    @property
    def iterations(self) -> int:
        """Rounds of the fit; 0 for a vote."""
        return self._fit.iterations

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
        votes, fit = self._votes, self._fit
        notes = list(fit.cautions)
        if not fit.converged:
            text = (
                f"Not converged after {fit.iterations:,} rounds: the last one moved a parameter by "
                f"{readable(fit.change)}, more than {self._tolerance:g}; raise max_iterations."
            )
            notes.insert(0, Caution("not_converged", text))
        if self.n_raters < 3:
            text = f"{counted(self.n_raters, 'rater')}: with fewer than three, nothing in the data tells who is right."
            notes.append(Caution("few_raters", text))
        if (each := float(votes.n_by_item.mean())) < 3:
            text = f"{readable(each)} judgments per item: below three, probabilities rest more on the model."
            notes.append(Caution("few_judgments_per_item", text))
        if fit.prior.max() > 0.9:
            top = votes.labels[int(fit.prior.argmax())]
            text = (
                f"{100 * fit.prior.max():.3g}% of items are {top!r}: rare labels may be lost; "
                "compare with the majority item by item."
            )
            notes.append(Caution("one_label", text))
        if self.gold_used:
            text = "Known gold was used in the fit: accuracy on these gold items is no check of it."
            notes.append(Caution("gold_used", text))
        return tuple(notes)

    def __str__(self) -> str:
        sizes = ((self.n_items, "item"), (self.n_raters, "rater"), (self.n_judgments, "judgment"))
        agreed = self.n_items - sum(self.no_consensus.values())
        end = f"converged after {self.iterations} rounds" if self.converged else "NOT converged"
        parts = [", ".join(counted(n, noun) for n, noun in sizes), *([end] if self.iterations else [])]
        mean = readable(float(self.labels["probability"].mean()))
        settled = f"{agreed:,} of {counted(self.n_items, 'item')} have a consensus"
        return f"{self.method}: {settled}, mean probability {mean} ({'; '.join(parts)})"

    __repr__ = __str__
