"""Why two people labelled one item differently: a fixed list of causes."""

from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd


@dataclass(frozen=True)
class Cause:
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

    code: str
    definition: str
    test: str
    change: str
    route: str

    @property
    def name(self) -> str:
        """The code in words."""
        return self.code.replace("_", " ")


_ALL = (
    Cause(
        "bad_item",
        "The item cannot be judged by anybody: broken, truncated, in another language, context missing.",
        "Would an expert with unlimited time have to answer 'invalid task'?",
        "items",
        "The programme manager removes the item and fixes the pipeline that made it; the rater is paid for it.",
    ),
    Cause(
        "wrong_gold",
        "The item has a gold answer, and by the guideline as written it is wrong.",
        "Reading the guideline alone, do two experts reject the gold answer?",
        "gold",
        "The quality lead corrects the gold and every score that used it is computed again.",
    ),
    Cause(
        "guideline_conflict",
        "Two clauses apply and ask for different labels, and nothing says which goes first.",
        "Can you cite one clause for each of the labels given?",
        "guideline",
        "The linguist lead writes the rule of priority as an amendment with an example.",
    ),
    Cause(
        "guideline_gap",
        "No clause settles the case, or the clause leaves open where the line runs.",
        "Is there no clause that says which label is right for a case like this?",
        "guideline",
        "The linguist lead writes the clause; the item becomes its example.",
    ),
    Cause(
        "legitimate_perspective",
        "The guideline asks for the rater's own view, and people of different groups, markets or needs differ.",
        "Does the guideline ask for the rater's view, and would both sides keep it after reading the other's reason?",
        "none",
        "Nobody adjudicates; the distribution of labels is kept, and results are shown by group.",
    ),
    Cause(
        "ambiguous_item",
        "The clause is clear, but the item can be read in two ways and each reading has its own right label.",
        "Can you state two readings of the item, each with another right label?",
        "edge case",
        "The item joins the list of edge cases with both readings; live work gets 'cannot judge' or more context.",
    ),
    Cause(
        "rater_slip",
        "The clause settles the item, and one label overlooks it.",
        "Would the rater change the label after reading the clause again?",
        "retraining",
        "The rater sees the item and the clause again; the same clause three times is training, not a verdict.",
    ),
)

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
    return pd.DataFrame([{"code": cause.code, "name": cause.name, **vars(cause)} for cause in _ALL])
