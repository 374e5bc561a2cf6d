"""Drift of raters, data and guideline: control charts, changes since a baseline, likely causes.

Control charts with stated run lengths take one figure per period. `watch` takes
dated judgments and tells raters from data from guideline by tracking items,
known items that come back to each rater.
"""

from ..stats.discovery import ChangeTest, Sequence, change_test, confidence_sequence
from .control_charts import Chart, cusum, ewma, standardised
from .drift_causes import Causes
from .many_charts import ManyCharts, many
from .run_length import Design, cusum_design, cusum_run_length, ewma_design, ewma_run_length
from .share_charts import laney, normal_approximation, p_chart
from .watching import RaterChanges, ShareCharts, Watch, watch

__all__ = [
    "Causes",
    "ChangeTest",
    "Chart",
    "Design",
    "ManyCharts",
    "RaterChanges",
    "Sequence",
    "ShareCharts",
    "Watch",
    "change_test",
    "confidence_sequence",
    "cusum",
    "cusum_design",
    "cusum_run_length",
    "ewma",
    "ewma_design",
    "ewma_run_length",
    "laney",
    "many",
    "normal_approximation",
    "p_chart",
    "standardised",
    "watch",
]
