"""Names that moved to `halo_methods.stats`; topics import them from there."""

from ..stats.proportions import Method, clopper_pearson, proportion, score_interval, wilson

__all__ = ["Method", "clopper_pearson", "proportion", "score_interval", "wilson"]
