"""From disagreement to a rubric: the items that people split on, drafted as examples of its own form."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from .lint import DRAFT
from .renders import plain

if TYPE_CHECKING:
    import pandas as pd

LONGEST_TEXT, LONGEST_COMMENT, MOST_COMMENTS = 3000, 200, 5


def edge_cases(j: Judgments, ranked: "pd.DataFrame", *, shown: Sequence[str] = ()) -> str:
    """The items to write up as edge cases, as YAML for a rubric's `examples`.

    Each has the label that most people gave. Its reason begins with TODO, the counts of each label and what raters
    commented: `halo rubric lint` refuses it until a person has decided the label and written the reason.
    Names of raters and vendors are taken out of texts and comments. Other personal data in an item stay: the draft is
    for those who run the programme.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    ranked : pandas.DataFrame
        What ``disagreement.changes`` gives for them; its rows `edge case` are taken, in their order.
    shown : sequence of str
        Columns that hold the item itself, such as ``["query", "result"]``; without them its text is to be filled in.

    Returns
    -------
    str

    Raises
    ------
    NotEstimable
        If no item stands out as an edge case.
    BadOption
        If a column of `shown` is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import disagreement
    >>> rows = [(i, r, "a" if i else "ab"[r % 2]) for i in range(20) for r in range(4)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> print(edge_cases(j, disagreement.changes(j)))
    examples:
    - name: edge-1
      kind: edge
      item:
        item: 'TODO: the text of item 0'
      labels:
        criterion:
          label: a
          why: 'TODO: item 0, raters who gave “a”: 2, “b”: 2. Decide the label, and say why it is not the other.'
    """
    import yaml

    from ..adjudication.blinding import names_in, unnamed
    from ..disagreement.soft import item_counts

    j = as_judgments(j).one()
    for column in shown:
        BadOption.unless("shown", column, j.columns)
    items, labels, counts = item_counts(j)
    chosen = [item for item in ranked.loc[ranked["change"] == "edge case", "examples"] if item in items]
    if not chosen:
        raise NotEstimable("no item stands out as an edge case")
    names = names_in(j.frame)

    def held(frame: Any, column: str) -> list[Any]:
        """The different values of a column, where there are any."""
        return frame[column].drop_nulls().unique(maintain_order=True).to_list() if column in j.columns else []

    def text(value: object, most: int) -> str:
        return plain(unnamed(str(value), names))[:most] or "—"

    criterion = _key(str(*held(j.frame, "criterion")))

    drafts = []
    for i, item in enumerate(chosen, 1):
        of_item, row = j.frame.filter(j.frame["item_id"] == item), counts[items.index(item)]
        said = ", ".join(f"“{labels[k]}”: {int(row[k])}" for k in (-row).argsort(kind="stable") if row[k])
        why = f"{DRAFT}: item {text(item, 100)}, raters who gave {said}."
        why += " Decide the label, and say why it is not the other."
        comments = held(of_item, "comment")[:MOST_COMMENTS]
        why += "".join(f" “{text(comment, LONGEST_COMMENT)}”" for comment in comments)
        fields = {_key(column): text(" / ".join(held(of_item, column)), LONGEST_TEXT) for column in shown}
        judged = {"label": str(labels[int(row.argmax())]), "why": why}
        fields = fields or {"item": f"{DRAFT}: the text of item {text(item, 100)}"}
        drafts.append({"name": f"edge-{i}", "kind": "edge", "item": fields, "labels": {criterion: judged}})
    return str(yaml.safe_dump({"examples": drafts}, allow_unicode=True, sort_keys=False, width=110))


def _key(name: str) -> str:
    """A column or criterion as a rubric names it."""
    return re.sub(r"^[^a-z]+", "", re.sub(r"[^a-z0-9]+", "_", name.casefold())).strip("_")[:60] or "criterion"
