"""The sample of the simulation chapter: a log of ten raters to fit, whose truth is known."""

import pandas as pd

from .workers import Worker, work_log

SIMULATION_SCALE = ("poor", "fair", "good")
_ACCURACY = (0.96, 0.95, 0.90, 0.94, 0.93, 0.92, 0.92, 0.94, 0.88, 0.80)


def simulation_team() -> tuple[Worker, ...]:
    """Who works in the simulation sample: ten raters, of whom r03 is severe and nobody drifts.

    Examples
    --------
    >>> simulation_team()[2].severity
    -0.1
    """
    return tuple(
        Worker(f"r{n:02}", accuracy, 1.0 if n == 3 else 0.5, daily=18) for n, accuracy in enumerate(_ACCURACY, start=1)
    )


def simulation_sample(seed: int = 20268) -> pd.DataFrame:
    """The sample of the simulation chapter; its truth is described in ``data/samples/README.md``.

    Ten raters judge 18 long conversations a day on twenty working days, two raters each; three items in ten have gold.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``gold``, ``rated_at``.

    Examples
    --------
    >>> simulation_sample().shape
    (3600, 5)
    """
    return work_log(simulation_team(), 20, labels=SIMULATION_SCALE, prevalence=(0.2, 0.35, 0.45),
                    gold_share=0.3, seed=seed)  # fmt: skip
