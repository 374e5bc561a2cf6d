"""What a design costs and what variance it leaves: raters x items x labels an item."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption

Array = NDArray[np.float64]
Decision = Literal["mean", "difference", "ranking", "item"]
Shared = Literal["items and raters", "items", "raters", "nothing"]
DECISIONS = ("mean", "difference", "ranking", "item")
SHARED = ("items and raters", "items", "raters", "nothing")


@dataclass(frozen=True)
class Components:
    """Variances of a pilot, in squared units of the label.

    Attributes
    ----------
    item, rater : float
        Between items, and between raters (severity).
    residual : float
        Of a single label beside these: the rater's own view of the item, and noise.

    Examples
    --------
    >>> Components(item=1, rater=.1, residual=2).residual
    2
    """

    item: float
    rater: float
    residual: float

    def __post_init__(self) -> None:
        for name in ("item", "rater", "residual"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float, np.number)) and 0 <= float(value) < float("inf")):
                raise BadOption(f"the {name} variance is {value!r}; it must be a number of 0 or more")


@dataclass(frozen=True)
class Prices:
    """What things cost, in one currency.

    Attributes
    ----------
    label : float
        One label.
    item : float
        Finding and preparing an item.
    rater : float
        Recruiting, training and certifying a rater.
    audit : float
        Labelling one label again by an auditor.

    Examples
    --------
    >>> Prices(label=.4, rater=120).item
    0.0
    """

    label: float = 1.0
    item: float = 0.0
    rater: float = 0.0
    audit: float = 0.0

    def __post_init__(self) -> None:
        for name in ("label", "item", "rater", "audit"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float, np.number)) and 0 <= float(value) < float("inf")):
                raise BadOption(f"the price of a {name} is {value!r}; it must be a number of 0 or more")
        if self.label + self.item <= 0:
            raise BadOption("a label and an item cost nothing together, so no budget limits them; give a price")


def as_components(given: Any) -> tuple[Components, dict[str, Array]]:
    """The three variances, and their draws where a pilot gave them.

    Parameters
    ----------
    given : Components, mapping, or VarianceComponents
        `disagreement.variance_components` gives the last; what a rater sees again
        and again in an item (item_rater) is added to the residual.

    Examples
    --------
    >>> as_components({"item": 1, "rater": .1, "residual": 2})[0]
    Components(item=1, rater=0.1, residual=2)
    """
    if isinstance(given, Components):
        return given, {}
    if isinstance(given, Mapping):
        extra = sorted(set(given) - {"item", "rater", "residual"})
        missing = sorted({"item", "rater", "residual"} - set(given))
        if extra or missing:
            said = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(extra)}"
            raise BadOption(f"components: {said}; they are item, rater and residual")
        return Components(**given), {}
    if not all(hasattr(given, name) for name in ("item", "rater", "residual")):
        raise BadOption("components must be Components, a mapping, or what disagreement.variance_components gives")
    both = getattr(given, "item_rater", None)
    more = both.value if both is not None else 0.0
    made = Components(given.item.value, given.rater.value, given.residual.value + more)
    drawn = dict(getattr(given, "draws", {}) or {})
    if drawn:
        drawn = {
            "item": drawn["item"],
            "rater": drawn["rater"],
            "residual": drawn["residual"] + drawn.get("item_rater", 0.0),
        }
    return made, drawn


def variance(
    components: Components,
    raters: ArrayLike,
    items: ArrayLike,
    labels_per_item: ArrayLike,
    *,
    decision: Decision = "mean",
    shared: Shared = "items and raters",
    audit: ArrayLike = 0.0,
    audited_residual: float | None = None,
) -> Array:
    r"""Variance that a design leaves in the quantity to be decided on.

    With :math:`R` raters who share the work evenly, :math:`I` items and
    :math:`k` labels on each:

    * ``mean``, a system's mean: :math:`\sigma_i^2/I + \sigma_r^2/R + \sigma_e^2/(Ik)`;
    * ``difference`` and ``ranking``, two systems: twice that, without the parts
      that both share;
    * ``item``, one item's mean: :math:`(\sigma_r^2 + \sigma_e^2)/k`.

    A crossed design has :math:`k = R`. ``labels_per_item`` between 1 and 2 means
    that so large a share of the items gets a second label; the mean is one of
    item means.

    Do not trust ``difference`` where items favour one system (an item by system
    part that no pilot measured): it is then too small.

    Parameters
    ----------
    raters, items, labels_per_item : array_like
        Of one shape, or broadcast.
    decision : {"mean", "difference", "ranking", "item"}
        What is decided on.
    shared : {"items and raters", "items", "raters", "nothing"}
        What two systems have in common.
    audit : array_like
        Share of labels that an auditor makes again; the auditor's label counts.
    audited_residual : float, optional
        Residual variance of an audited label; without it an audit buys safety, not precision.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapters 2 and 4.

    Examples
    --------
    >>> made = Components(item=1, rater=.1, residual=2)
    >>> round(float(variance(made, 8, 75, 8)), 4), round(float(variance(made, 20, 600, 1)), 3)
    (0.0292, 0.01)
    """
    if decision not in DECISIONS:
        raise BadOption.of("decision", decision, DECISIONS)
    if shared not in SHARED:
        raise BadOption.of("shared", shared, SHARED)
    r, i, k, share = (np.asarray(x, dtype=float) for x in (raters, items, labels_per_item, audit))
    residual = components.residual * np.ones_like(share)
    if audited_residual is not None:
        residual = (1 - share) * components.residual + share * audited_residual
    whole, part = np.floor(k), k - np.floor(k)
    one_label = (1 - part) / whole + part / (whole + 1)  # mean over items of 1 / labels
    if decision == "item":
        return np.asarray((components.rater + residual) * one_label + 0 * r * i)
    of_items = components.item / i
    of_raters = components.rater / r
    of_labels = residual * one_label / i
    if decision == "mean":
        return np.asarray(of_items + of_raters + of_labels)
    left = of_labels + (0 if "items" in shared else of_items) + (0 if "raters" in shared else of_raters)
    return np.asarray(2 * left)


def cost(
    prices: Prices, raters: ArrayLike, items: ArrayLike, labels_per_item: ArrayLike, *, audit: ArrayLike = 0.0
) -> Array:
    """What a design costs: raters, items, labels, and the labels audited.

    Examples
    --------
    >>> float(cost(Prices(label=.5, item=1, rater=100, audit=2), raters=4, items=100, labels_per_item=3, audit=.05))
    680.0
    """
    r, i, k, share = (np.asarray(x, dtype=float) for x in (raters, items, labels_per_item, audit))
    return np.asarray(prices.rater * r + i * (prices.item + k * (prices.label + share * prices.audit)))
