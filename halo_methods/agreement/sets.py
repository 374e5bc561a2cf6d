"""Labels that are sets of answers, such as ``rude|off-topic``: how far two sets are apart."""

from collections.abc import Sequence

import numpy as np

from ..judgments import accepted_answers
from .weights import Array, few_enough

SETS = ("jaccard", "masi")


def set_distances(kind: str, labels: Sequence[object]) -> Array:
    """Distance between labels that are sets of answers separated by ``|``.

    Parameters
    ----------
    kind : {"jaccard", "masi"}
        Jaccard: 1 - J, with J the answers both name over the answers either names.
        MASI: 1 - J M, with M 1 for equal sets, 2/3 where one holds the other, 1/3
        where they overlap otherwise, 0 where they share nothing.
    labels : sequence
        A label without ``|`` is a set of one; the order of answers means nothing.

    Returns
    -------
    numpy.ndarray
        q x q, between 0 (equal sets) and 1 (nothing in common).

    References
    ----------
    Passonneau (2006), Measuring Agreement on Set-valued Items (MASI) for Semantic
    and Pragmatic Annotation, LREC.

    Examples
    --------
    >>> set_distances("masi", ["a", "a|b", "b|c"]).round(3).tolist()
    [[0.0, 0.667, 1.0], [0.667, 0.0, 0.889], [1.0, 0.889, 0.0]]
    """
    few_enough(labels)
    sets = [frozenset(accepted_answers(str(label))) for label in labels]
    answers = sorted(set().union(*sets))
    has = np.array([[answer in one for answer in answers] for one in sets], dtype=float)
    size, both = has.sum(1), has @ has.T
    smaller = np.minimum(size[:, None], size)
    likeness = both / (size[:, None] + size - both)
    if kind == "masi":
        within = np.where(both == smaller, 2 / 3, np.where(both > 0, 1 / 3, 0.0))
        likeness *= np.where(likeness == 1, 1.0, within)
    return 1 - likeness
