"""Standards and methods for human evaluation of AI products.

The names below load on first use, so that ``import halo_methods`` stays quick.

>>> import halo_methods as halo
>>> halo.__version__.split(".")[0]
'2026'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "2026.1"

_NAMES = {
    "judgments": (
        *("Judgments", "as_judgments", "as_pairs", "as_spans", "as_steps"),
        *("read_judgments", "read_pairs", "read_spans", "read_steps", "scan_judgments"),
    ),
    "results": ("Caution", "Estimate"),
    "errors": ("BadOption", "HaloError", "NotEstimable"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}
_TOPICS = (
    *("adjudication", "aggregation", "agreement", "audit", "calibration", "certification", "disagreement", "documents"),
    *("drift", "errors", "exports", "exposure", "gold", "guideline_changes", "integrity", "judgments"),
    *("llm_judge", "onboarding", "planning", "plots", "preference", "reports", "results", "simulation", "spans"),
    *("standards", "stats", "trajectory", "workforce"),
)

__all__ = sorted([*_HOMES, *_TOPICS])

if TYPE_CHECKING:
    from . import adjudication as adjudication
    from . import aggregation as aggregation
    from . import agreement as agreement
    from . import audit as audit
    from . import calibration as calibration
    from . import certification as certification
    from . import disagreement as disagreement
    from . import documents as documents
    from . import drift as drift
    from . import exports as exports
    from . import exposure as exposure
    from . import gold as gold
    from . import guideline_changes as guideline_changes
    from . import integrity as integrity
    from . import judgments as judgments
    from . import llm_judge as llm_judge
    from . import onboarding as onboarding
    from . import planning as planning
    from . import plots as plots
    from . import preference as preference
    from . import reports as reports
    from . import simulation as simulation
    from . import spans as spans
    from . import standards as standards
    from . import stats as stats
    from . import trajectory as trajectory
    from . import workforce as workforce
    from .errors import BadOption as BadOption
    from .errors import HaloError as HaloError
    from .errors import NotEstimable as NotEstimable
    from .judgments import Judgments as Judgments
    from .judgments import as_judgments as as_judgments
    from .judgments import as_pairs as as_pairs
    from .judgments import as_spans as as_spans
    from .judgments import as_steps as as_steps
    from .judgments import read_judgments as read_judgments
    from .judgments import read_pairs as read_pairs
    from .judgments import read_spans as read_spans
    from .judgments import read_steps as read_steps
    from .judgments import scan_judgments as scan_judgments
    from .results import Caution as Caution
    from .results import Estimate as Estimate


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _TOPICS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"halo_methods has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
