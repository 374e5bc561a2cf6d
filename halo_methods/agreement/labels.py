"""Which labels raters agree on: each label against all others."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import CountedJudgments, Judgments
from ..judgments.coding import once
from ..judgments.counted import RaterPatterns
from ..judgments.counts import patterns, rater_patterns
from ..results import Estimate, counted
from . import coefficients as formulas
from .measures import _estimate, _need_few_values, gwet_ac, krippendorff_alpha

FEW_GIVEN = 10


def dichotomised(j: Judgments | CountedJudgments, label: Any) -> CountedJudgments:
    """The same judgments as counts of one label and of the rest.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112333")})
    >>> made = dichotomised(as_judgments(frame), "3")
    >>> made.labels, made.patterns.table.tolist(), made.patterns.frequency.tolist()
    (('3', 'not 3'), [[0, 2], [1, 1], [2, 0]], [1, 1, 1])
    """
    j = j.one()
    at = position(j, label)
    counted, given = patterns(j), rater_patterns(j)
    both = np.stack([counted.table[:, at], counted.table.sum(1) - counted.table[:, at]], 1)
    table, new = np.unique(both, axis=0, return_inverse=True)
    new = new.reshape(-1)
    frequency = np.bincount(new, counted.frequency, len(table)).astype(np.int64)
    names = (str(label), f"not {label}")
    made = replace(counted, labels=names, table=table, frequency=frequency)
    cells = pd.DataFrame({"rater": given.rater, "label": (given.label != at) * 1, "pattern": new[given.pattern]})
    count = cells.assign(count=given.count).groupby(["rater", "label", "pattern"], as_index=False)["count"].sum()
    parts = (count[c].to_numpy(np.int64) for c in ("rater", "label", "pattern", "count"))
    return CountedJudgments(made, RaterPatterns(given.raters, *parts), names, "nominal", True, j.source)


def position(j: Judgments | CountedJudgments, label: Any) -> int:
    """The place of a label in the scale."""
    names = [str(one) for one in j.labels]
    if str(label) not in names:
        raise BadOption.of("label", label, j.labels[:20])
    return names.index(str(label))


def rows_with(j: Judgments, label: Any) -> list[pl.DataFrame]:
    """The judgments that give a label, as a report's ``may_tell_of`` takes them; none where it is no label here.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("ab"), "rater_id": list("xx"), "label": ["1", "2"]})
    >>> [len(part) for part in rows_with(as_judgments(frame), "2")]
    [1]
    """
    given = [x for x in j.labels if str(x) == str(label)]
    return [j.frame.filter(pl.col("label") == x) for x in given]


def specific_agreement(j: Judgments, label: Any, **options: Any) -> Estimate:
    """Specific agreement on one label: when a rater gives it, how often another rater of the item gives it too.

    Between 0 and 1; for two raters 2a / (2a + b + c). It is not corrected for chance,
    and does not look at items on which nobody gave the label, so a rare label shows
    what raw agreement hides.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    label : str
        One of the scale.
    **options
        `over`, `confidence`, `replicates`, `seed` as in `krippendorff_alpha`.

    Raises
    ------
    NotEstimable
        If nobody gave the label on an item that two raters judged.
    BadOption
        If the scale has no such label.

    References
    ----------
    Cicchetti and Feinstein (1990), Journal of Clinical Epidemiology 43, 551-558.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> round(specific_agreement(as_judgments(frame, level="nominal"), "1").value, 3)
    0.667
    """
    return _specific(dichotomised(j, label), label, options)


def _specific(made: CountedJudgments, label: Any, options: dict[str, Any]) -> Estimate:
    table, frequency = made.patterns.table, made.patterns.frequency
    paired = table.sum(1) > 1
    if not int(frequency[paired] @ table[paired, 0]):
        raise NotEstimable(f"nobody gave {str(label)!r} on an item that two raters judged")
    found = _estimate(made, formulas.specific_agreement(str(label)), paired_only=True, **options)  # type: ignore[arg-type]
    found = replace(found, cautions=tuple(c for c in found.cautions if "chance-corrected" not in c))
    given = int(frequency[paired] @ (table[paired, 0] > 0))
    if found.value == 0:
        room = 1 - (1 - found.confidence) ** (1 / given)
        method = f"{found.method.rpartition('; ')[0]}; rule of three over items with the label"
        said = (f"Of {counted(given, 'item')} with {str(label)!r} none has it twice: the interval is what so many "
                "leave room for, with these raters only.")  # fmt: skip
        kept = tuple(c for c in found.cautions if "no spread" not in c)
        found = replace(found, low=0.0, high=2 * room / (1 + room), items_only=None, method=method, over="items",
                        cautions=(*kept, said))  # fmt: skip
    if given >= FEW_GIVEN:
        return found
    return found.with_cautions(f"{str(label)!r} was given on {given} item{'' if given == 1 else 's'} only.")


def by_label(j: Judgments, **options: Any) -> pd.DataFrame:
    """Agreement on each label, the label set against all others.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    **options
        As in `specific_agreement`.

    Returns
    -------
    pandas.DataFrame
        One row a label, in the order of the scale: judgments and share (how often it
        was given), items (on which anybody gave it), agreement, low, high
        (`specific_agreement`), alpha and ac1 of the label against the rest, each with
        its ends, over, remarks. Where a value is missing, remarks say why.

    Raises
    ------
    NotEstimable
        If no label can be estimated, with the reason of the first, or if labels are numbers of many values.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> by_label(as_judgments(frame, level="nominal"))[["label", "judgments", "agreement", "alpha"]].round(2)
      label  judgments  agreement  alpha
    0     1          3       0.67   0.53
    1     2          5       0.80   0.53
    """
    j = j.one()
    _need_few_values(j)
    table = once(j, f"by label {sorted(options.items())}",
                 lambda: pd.DataFrame([_label_row(j, label, options) for label in j.labels])).copy()  # fmt: skip
    if table["agreement"].isna().all():
        raise NotEstimable(table["remarks"].iloc[0])
    return table


def _label_row(j: Judgments, label: Any, options: dict[str, Any]) -> dict[str, Any]:
    made = dichotomised(j, label)
    table, frequency = made.patterns.table, made.patterns.frequency
    given = int(frequency @ table[:, 0])
    row: dict[str, Any] = {
        "label": str(label),
        "judgments": given,
        "share": given / int(frequency @ table.sum(1)),
        "items": int(frequency @ (table[:, 0] > 0)),
    }
    remarks: dict[str, None] = {}
    measured = {
        "agreement": lambda: _specific(made, label, options),
        "alpha": lambda: krippendorff_alpha(made, **options),  # type: ignore[arg-type]
        "ac1": lambda: gwet_ac(made, **options),  # type: ignore[arg-type]
    }
    over = ""
    for name, measure in measured.items():
        ends = ("low", "high") if name == "agreement" else (f"{name}_low", f"{name}_high")
        try:
            e = measure()
        except NotEstimable as reason:
            row |= {name: np.nan, **dict.fromkeys(ends, np.nan)}
            remarks[str(reason)] = None
            continue
        row |= {name: e.value, ends[0]: e.low, ends[1]: e.high}
        over = over or e.over
        if name == "agreement":
            remarks |= dict.fromkeys(e.cautions)
    return row | {"over": over, "remarks": " ".join(remarks)}


def rarest_label(j: Judgments, *, least: int = FEW_GIVEN) -> str:
    """The label given least often among those given on at least so many items that two raters judged.

    Raises
    ------
    NotEstimable
        If there is none, or labels are numbers, where no single one matters.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> rarest_label(as_judgments(frame, level="nominal"), least=1)
    '1'
    """
    if j.numeric:
        raise NotEstimable("labels are numbers, and no single number matters by itself; name one with `label`")
    made = patterns(j.one())
    if (made.frequency @ made.table > 0).sum() < 2:
        raise NotEstimable("every judgment has the same label, so nothing shows whether raters tell it from another")
    paired = made.table.sum(1) > 1
    items = made.frequency[paired] @ (made.table[paired] > 0)
    given = (made.frequency[paired] @ made.table[paired]).astype(float)
    if not (items >= least).any():
        raise NotEstimable(f"no label was given on {least} items or more that two raters judged")
    return str(made.labels[int(np.argmin(np.where(items >= least, given, np.inf)))])
