"""Labels as numbers whose variance can be divided."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from ..judgments.cells import as_numbers, quoted

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def as_values(j: Judgments, label: str | None = None) -> tuple[Array, str]:
    """Each judgment as a number, and what the number is.

    Ordinal labels count as 0, 1, 2, … in the order of the scale, interval and
    ratio labels as themselves, two nominal labels as 0 and 1. With ``label``
    the number is 1 where that label was given and 0 elsewhere.

    Parameters
    ----------
    j : Judgments
    label : str, optional
        One label against all others.

    Raises
    ------
    NotEstimable
        If there are three nominal labels or more and none is named.
    BadOption
        If no such label occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "good"), ("b", "r1", "poor")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), scale=["poor", "fair", "good"],
    ...                  level="ordinal")
    >>> as_values(j)
    (array([2., 0.]), 'steps of the scale')
    """
    column = j.frame["label"]
    if label is not None:
        names = [str(x) for x in j.labels]
        if label not in names:
            raise BadOption.of("label", label[:80], [name[:80] for name in names[:20]])
        return (column.cast(pl.String) == label).cast(pl.Float64).to_numpy(), f"share of {quoted(label)}"
    if column.dtype.is_numeric():
        return column.to_numpy().astype(float), "the label's unit"
    names = [str(x) for x in j.labels]
    numbers = as_numbers(names)
    if j.level == "ordinal":
        places = numbers if numbers is not None else np.arange(len(names), dtype=float)
        unit = "the label's unit" if numbers is not None else "steps of the scale"
    elif numbers is not None and not j.level_given:
        places, unit = numbers, "the label's unit"
    elif len(names) <= 2:
        places, unit = np.arange(len(names), dtype=float), f"share of {quoted(names[-1])}"
    else:
        raise NotEstimable(
            f"the {len(names)} labels are nominal, so they have no variance; give the scale in order and "
            "level='ordinal', or name one label to set against the others"
        )
    at = dict(zip(names, places, strict=True))
    return column.replace_strict(at, return_dtype=pl.Float64).to_numpy().astype(float), unit


def coded(values: pl.Series) -> Ints:
    """Values as whole numbers from 0, in sorted order.

    Examples
    --------
    >>> coded(pl.Series(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return np.asarray(values.rank("dense").to_numpy(), dtype=np.int64) - 1
