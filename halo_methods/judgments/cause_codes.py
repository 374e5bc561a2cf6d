"""Why two people labelled one item differently: a fixed list of causes, which stands in `causes.yml`."""

from pathlib import Path
from types import MappingProxyType

import pandas as pd

from ..documents import Model, Text, load


class Cause(Model):
    """One cause of disagreement.

    Attributes
    ----------
    code : str
        As it is written into a worksheet or a decisions file.
    definition : str
    test : str
        The question whose *yes* gives this code. Asked in the order of `CAUSES`; the first *yes* wins.
    change : {"guideline", "edge case", "retraining", "items", "gold", "none"}
        What is changed for it.
    route : str
        Who does what.
    """

    code: Text
    definition: Text
    test: Text
    change: Text
    route: Text

    @property
    def name(self) -> str:
        """The code in words."""
        return self.code.replace("_", " ")


class _Scheme(Model):
    causes: list[Cause]


_ALL = load(_Scheme, Path(__file__).with_name("causes.yml")).causes
CAUSES = MappingProxyType({cause.code: cause for cause in _ALL})


def causes() -> pd.DataFrame:
    """The coding scheme as a table, in the order in which its questions are asked.

    Returns
    -------
    pandas.DataFrame
        ``code``, ``name``, ``definition``, ``test``, ``change``, ``route``.

    Examples
    --------
    >>> causes()["code"].tolist()[:3]
    ['bad_item', 'wrong_gold', 'guideline_conflict']
    """
    return pd.DataFrame([{"code": cause.code, "name": cause.name, **cause.model_dump()} for cause in _ALL])
