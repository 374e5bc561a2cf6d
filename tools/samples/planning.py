"""A pilot whose variances and working times are known."""

from typing import Any

import numpy as np
import pandas as pd

COMPONENTS = {"item": 0.90, "rater": 0.15, "residual": 1.00}
MEDIAN, SPREAD, PACE = 55, 0.35, 0.25


def sample(seed: int = 20265) -> pd.DataFrame:
    """Draw a pilot of 12 raters and 90 items, four labels per item, on a scale from 0 to 10.

    The variances are those of `COMPONENTS`; labels are rounded to a tenth.
    Working times are log-normal: a median of 55 seconds, a spread of .35 between
    judgments on the log scale and .25 between raters.

    >>> sample().shape
    (360, 5)
    """
    rng = np.random.default_rng(seed)
    items, raters, each = 90, 12, 4
    item = rng.normal(0, COMPONENTS["item"] ** 0.5, items)
    rater = rng.normal(0, COMPONENTS["rater"] ** 0.5, raters)
    pace = rng.normal(0, PACE, raters)
    rows = []
    for i in range(items):
        for r in sorted((i * each + n) % raters if i % 2 else (i + 3 * n) % raters for n in range(each)):
            label = 6 + item[i] + rater[r] + rng.normal(0, COMPONENTS["residual"] ** 0.5)
            seconds = MEDIAN * np.exp(pace[r] + rng.normal(0, SPREAD))
            rows.append(
                (f"p{i + 1:02d}", f"r{r + 1:02d}", round(float(np.clip(label, 0, 10)), 1), round(seconds), "de-DE")
            )
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds", "locale"])


def truth() -> dict[str, Any]:
    """Return the variances of items, raters and the rest, and how long a judgment takes.

    >>> truth()["components"]["residual"]
    1.0
    """
    return {"components": COMPONENTS, "seconds": {"median": MEDIAN, "log_spread": SPREAD, "log_spread_of_raters": PACE}}


SAMPLES = {"planning": sample}
