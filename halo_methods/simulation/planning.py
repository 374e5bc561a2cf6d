"""The sample of the planning chapter: a pilot whose variances and working times are known."""

import numpy as np
import pandas as pd

PLANNING_TRUTH = {"item": 0.90, "rater": 0.15, "residual": 1.00}


def planning_sample(seed: int = 20265) -> pd.DataFrame:
    """A pilot of 12 raters and 90 items, four labels an item, on a scale from 0 to 10.

    The variances are those of `PLANNING_TRUTH`; labels are rounded to a tenth.
    Working times are log-normal: a median of 55 seconds, a spread of .35 between
    judgments on the log scale and .25 between raters.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``seconds``, ``locale``.

    Examples
    --------
    >>> planning_sample().shape
    (360, 5)
    """
    rng = np.random.default_rng(seed)
    items, raters, each = 90, 12, 4
    item = rng.normal(0, PLANNING_TRUTH["item"] ** 0.5, items)
    rater = rng.normal(0, PLANNING_TRUTH["rater"] ** 0.5, raters)
    pace = rng.normal(0, 0.25, raters)
    rows = []
    for i in range(items):
        for r in sorted((i * each + n) % raters if i % 2 else (i + 3 * n) % raters for n in range(each)):
            label = 6 + item[i] + rater[r] + rng.normal(0, PLANNING_TRUTH["residual"] ** 0.5)
            seconds = 55 * np.exp(pace[r] + rng.normal(0, 0.35))
            rows.append(
                (f"p{i + 1:02d}", f"r{r + 1:02d}", round(float(np.clip(label, 0, 10)), 1), round(seconds), "de-DE")
            )
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds", "locale"])
