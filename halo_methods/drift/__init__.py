"""Drift of raters, data and guideline: control charts, changes since a baseline, likely causes.

Control charts with stated run lengths take one figure per period. `Watch` takes
dated judgments and tells raters from data from guideline by tracking items,
known items that come back to each rater.
"""

from .control_charts import Chart, ManyCharts, cusum, ewma, laney, many, p_chart
from .dated_judgments import Causes
from .run_length import Design, cusum_design, cusum_run_length, ewma_run_length, normal_approximation
from .versions import judged_under_both, out_of_force_share, versioned_share
from .watching import RaterChanges, ShareCharts, Watch

__all__ = [
    "Causes",
    "Chart",
    "Design",
    "ManyCharts",
    "RaterChanges",
    "ShareCharts",
    "Watch",
    "cusum",
    "cusum_design",
    "cusum_run_length",
    "ewma",
    "ewma_run_length",
    "judged_under_both",
    "laney",
    "many",
    "normal_approximation",
    "out_of_force_share",
    "p_chart",
    "versioned_share",
]
