"""Drift: has something changed, what, and who does what by when?

Charts with stated run lengths, intervals that hold at every look, and anchors
that tell raters from data from guideline. Charts take one figure a period;
functions of a `Judgments` table take one criterion and one stage, with dates.
"""

from .alerts import PATH, Step, alerts
from .causes import causes, cuts, windows
from .changes import against_before, by_part, change, difference, on_anchors, on_fresh
from .charts import Chart, cusum, ewma, standardised
from .many import (
    Many,
    benjamini_hochberg,
    cusum_p_values,
    e_benjamini_hochberg,
    expected_estimate,
    expected_false_alarms,
    many,
)
from .now import anchor_share, change_now, expected_now, rater_changes, rater_estimates
from .periods import (
    GROUPING,
    dated,
    fewest_people,
    grouping,
    guideline_changes,
    labels_given,
    of_periods,
    split_anchors,
    watched_label,
)
from .run_length import Design, cusum_design, cusum_run_length, ewma_design, ewma_run_length
from .sequences import ChangeTest, Sequence, change_test, confidence_sequence
from .series import series, series_of
from .shares import laney, normal_approximation, p_chart
from .watch import (
    Watched,
    look_by_look,
    marks,
    onsets,
    watch,
    watch_each,
    watch_share,
    with_dates,
)

__all__ = [
    "GROUPING",
    "PATH",
    "ChangeTest",
    "Chart",
    "Design",
    "Many",
    "Sequence",
    "Step",
    "Watched",
    "against_before",
    "alerts",
    "anchor_share",
    "benjamini_hochberg",
    "by_part",
    "causes",
    "change",
    "change_now",
    "change_test",
    "confidence_sequence",
    "cusum",
    "cusum_design",
    "cusum_p_values",
    "cusum_run_length",
    "cuts",
    "dated",
    "difference",
    "e_benjamini_hochberg",
    "ewma",
    "ewma_design",
    "ewma_run_length",
    "expected_estimate",
    "expected_false_alarms",
    "expected_now",
    "fewest_people",
    "grouping",
    "guideline_changes",
    "labels_given",
    "laney",
    "look_by_look",
    "many",
    "marks",
    "normal_approximation",
    "of_periods",
    "on_anchors",
    "on_fresh",
    "onsets",
    "p_chart",
    "rater_changes",
    "rater_estimates",
    "series",
    "series_of",
    "split_anchors",
    "standardised",
    "watch",
    "watch_each",
    "watch_share",
    "watched_label",
    "windows",
    "with_dates",
]
