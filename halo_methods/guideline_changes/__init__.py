"""Changes of a guideline: two versions of a rubric compared by meaning, the notice, and labels without a pass."""

from .change_notice import change_notices
from .labels_without_pass import LabelsWithoutPass, labels_without_pass
from .rubric_versions import RubricComparison, compare_rubrics

__all__ = [
    "LabelsWithoutPass",
    "RubricComparison",
    "change_notices",
    "compare_rubrics",
    "labels_without_pass",
]
