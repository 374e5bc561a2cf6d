"""What a detector hands back."""

from dataclasses import dataclass

import pandas as pd

ALPHA = 0.05
PEOPLE = ("rater_id", "rater_a", "rater_b")


@dataclass(frozen=True)
class Evidence:
    """What one detector found: a reason to look at work, never a verdict on a person.

    Attributes
    ----------
    detector : str
        ``speeders``, ``straight_liners``, ``copied`` or ``model_written``.
    table : pandas.DataFrame
        One row a person (``rater_id``) or a pair (``rater_a``, ``rater_b``)
        tested, with ``listed``, the strongest first.
    rule : str
        When somebody is listed, in one sentence.
    innocent : str
        What else produces the same figures.
    """

    detector: str
    table: pd.DataFrame
    rule: str
    innocent: str

    @property
    def listed(self) -> pd.DataFrame:
        """The rows that the rule lists."""
        return self.table[self.table["listed"]].reset_index(drop=True)

    @property
    def people(self) -> frozenset[str]:
        """Everybody on the list."""
        return people_of(self.listed)

    @property
    def tested(self) -> frozenset[str]:
        """Everybody with enough work to be tested."""
        return people_of(self.table)


def people_of(table: pd.DataFrame) -> frozenset[str]:
    """Everybody that a table of evidence names."""
    return frozenset(str(person) for column in PEOPLE if column in table for person in table[column])
