"""What an aggregation returns: a label for each item, how sure, and whom it rests on."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from ..errors import BadOption
from ..judgments.cells import gold_text
from ..results import Basis, Caution, counted, readable
from .dependence import Dependence, dependence
from .em import Fit
from .vote_table import Array, Votes

Ties = Literal["none", "share", "first"]
SAME = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Consensus:
    """The labels that judgments add up to, and when not to believe them.

    Attributes
    ----------
    labels : pandas.DataFrame
        One row an item, in the order of the data: ``item_id``, ``label``
        (missing where there is no consensus; with ``ties="share"`` every tied
        label, separated by ``|`` as in a gold cell), ``probability`` (of the
        best label), ``margin`` (to the next one), ``n`` (judgments),
        ``settled``: ``consensus``, ``tie``, ``low probability`` or ``small
        margin`` (the last two: no consensus).
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
    method : str
        The model and its settings.
    ties : {"none", "share", "first"}
        What was done where labels tie.
    n_items, n_raters, n_judgments : int
        What it rests on.
    """

    labels: pd.DataFrame
    probabilities: pd.DataFrame
    raters: pd.DataFrame
    confusion: pd.DataFrame
    prevalence: dict[Any, float]
    log_likelihood: float
    converged: bool
    iterations: int
    method: str
    ties: Ties
    n_items: int
    n_raters: int
    n_judgments: int
    fit_cautions: tuple[Caution, ...] = ()
    seed: int = 0
    _votes: Votes = field(repr=False, kw_only=True)

    @property
    def no_consensus(self) -> dict[str, int]:
        """Items without a single agreed label, by reason."""
        made = self.labels["settled"].value_counts()
        return {str(k): int(v) for k, v in made.items() if k != "consensus"}

    @cached_property
    def dependence(self) -> Dependence:
        """Whether raters agree more than the model allows: made when first asked for."""
        return dependence(self._votes, seed=self.seed)

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """When not to believe it, one sentence each; asks for `dependence`."""
        return (*self.fit_cautions, *self.dependence.cautions)

    def basis(self) -> Basis:
        """Whose judgments the consensus rests on."""
        return Basis("consensus", lambda: {name: self._votes.of(n)[0] for n, name in enumerate(self._votes.raters)})

    def __str__(self) -> str:
        sizes = ((self.n_items, "item"), (self.n_raters, "rater"), (self.n_judgments, "judgment"))
        agreed = self.n_items - sum(self.no_consensus.values())
        end = f"converged after {self.iterations} rounds" if self.converged else "NOT converged"
        end = f"; {end}" if self.iterations else ""
        mean = f"mean probability {readable(float(self.labels['probability'].mean()))}"
        return (f"{self.method}: {agreed:,} of {counted(self.n_items, 'item')} have a consensus, {mean} "
                f"({', '.join(counted(n, noun) for n, noun in sizes)}{end})")  # fmt: skip

    __repr__ = __str__


def settled(votes: Votes, fit: Fit, *, ties: Ties, least: float, margin: float, seed: int) -> Consensus:
    """The consensus that probabilities add up to."""
    if ties not in get_args(Ties):
        raise BadOption.of("ties", ties, get_args(Ties))
    if not 0 <= least <= 1 or not 0 <= margin <= 1:
        raise BadOption(f"least and margin are shares from 0 to 1; got {least!r} and {margin!r}")
    p = fit.posterior
    return Consensus(
        labels=_labels(votes, p, ties, least, margin),
        probabilities=pd.DataFrame(p, index=pd.Index(votes.items, name="item_id"), columns=list(votes.labels)),
        raters=fit.raters,
        confusion=fit.confusion,
        prevalence={label: float(share) for label, share in zip(votes.labels, fit.prior, strict=True)},
        log_likelihood=fit.log_likelihood,
        converged=fit.converged,
        iterations=fit.iterations,
        method=fit.method,
        ties=ties,
        n_items=len(votes.items),
        n_raters=len(votes.raters),
        n_judgments=votes.n_judgments,
        fit_cautions=fit.cautions,
        seed=seed,
        _votes=votes,
    )


def _labels(votes: Votes, p: Array, ties: Ties, least: float, margin: float) -> pd.DataFrame:
    best = p.argmax(1)
    top = p[np.arange(len(p)), best]
    apart = top - np.partition(p, -2, axis=1)[:, -2] if p.shape[1] > 1 else np.ones(len(p))
    tied = apart <= SAME
    best = np.where(tied, (p >= top[:, None] - SAME).argmax(1), best)
    label = np.array([*votes.labels], dtype=object)[best]
    for n in np.flatnonzero(tied) if ties != "first" else ():
        winners = [votes.labels[k] for k in np.flatnonzero(p[n] >= top[n] - SAME)]
        label[n] = gold_text(str(w) for w in winners) if ties == "share" else None
    low, small = top < least - SAME, apart < margin - SAME
    label[low | (small & ~tied)] = None
    how = np.select([low, tied, small], ["low probability", "tie", "small margin"], "consensus")
    columns = {"item_id": votes.items, "label": label, "probability": top, "margin": np.where(tied, 0.0, apart)}
    return pd.DataFrame(columns | {"n": votes.n_by_item.astype(int), "settled": how})
