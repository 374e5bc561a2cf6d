"""How a section's findings look on the page and in ``NAME.json``, whoever reads them."""

import base64
import io
import struct
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from ..results import Estimate
from . import tables
from .display import bundle, publish


class Showing:
    """Publishes what it is given; who may see it is for `Show`."""

    def __init__(self, title: str):
        self.title = title

    def _publish(self, what: Any, name: str = "", alt: str = "", caption: str = "") -> None:
        label = caption or self.title
        if isinstance(what, Estimate):
            html = tables.scrolling(what._repr_html_(), name or what.method)
            publish(bundle(html, str(what), self._estimate(what, name)))
        elif isinstance(what, Mapping) and what and all(isinstance(e, Estimate) for e in what.values()):
            named = {str(k): e for k, e in what.items()}
            text = "\n".join(f"{k}: {e}" for k, e in named.items())
            entries = [self._estimate(e, k) for k, e in named.items()]
            payload = {"kind": "estimates", "estimates": entries}
            publish(bundle(tables.estimates(named, caption=caption, label=label), text, payload))
        elif hasattr(what, "verdict") and hasattr(what, "to_dict") and hasattr(what, "standard"):
            self._gate(what)
        elif isinstance(what, pd.DataFrame):
            publish(bundle(tables.frame(what, caption=caption, label=label), what.to_string(max_rows=40)))
        elif hasattr(what, "savefig") or hasattr(getattr(what, "figure", None), "savefig"):
            figure = what if hasattr(what, "savefig") else what.figure
            self._figure(figure, alt or getattr(what, "alt", "") or getattr(figure, "alt", "") or self.title)
        elif isinstance(what, str):
            publish(bundle(f"<p>{escape(what)}</p>", what))
        elif isinstance(what, (list, tuple)) and all(isinstance(line, str) for line in what):
            lines = "".join(f"<li>{escape(line)}</li>" for line in what)
            publish(bundle(f"<ul>{lines}</ul>", "\n".join(f"- {line}" for line in what)))
        elif hasattr(what, "_repr_html_"):
            publish(bundle(what._repr_html_(), str(what)))
        else:
            publish(bundle(f"<pre>{escape(str(what))}</pre>", str(what)))

    def _table(self, table: pd.DataFrame, caption: str) -> None:
        publish(bundle(tables.frame(table, caption=caption, label=caption or self.title), table.to_string(max_rows=40)))

    def withheld(self, text: str) -> None:
        """Say that something is not shown to this audience."""
        publish(bundle(f'<p class="halo-withheld">{escape(text)}</p>', text))

    def not_estimated(self, reason: str) -> None:
        """Show why a section stops here."""
        html = f'<div class="halo-box"><p><strong>Not estimated.</strong> {escape(reason)}</p></div>'
        publish(bundle(html, f"Not estimated: {reason}"))

    def _estimate(self, estimate: Estimate, name: str) -> dict[str, Any]:
        return {"kind": "estimate", "name": name or estimate.method, "section": self.title, **estimate.to_dict()}

    def _gate_payload(self, gate: Any, **changes: Any) -> dict[str, Any]:
        return {"kind": "gate", "section": self.title, **gate.to_dict(), **changes}

    def _gate(self, gate: Any, name: str = "") -> None:
        html = tables.scrolling(gate._repr_html_(), f"Gate {gate.standard} {gate.subject}".strip())
        payload = self._gate_payload(gate)
        if name and gate.estimate is not None:
            payload["estimates"] = [self._estimate(gate.estimate, name)]
        publish(bundle(html, str(gate), payload))

    def _gate_table(self, gates: list[dict[str, Any]]) -> None:
        html, text = tables.gates(gates)
        publish(bundle(html, text, {"kind": "gates", "gates": gates}))

    def _figure(self, figure: Any, alt: str) -> None:
        from matplotlib import pyplot as plt

        written = io.BytesIO()
        figure.savefig(written, format="png", dpi=144, bbox_inches="tight", facecolor="white")
        plt.close(getattr(figure, "figure", figure))
        width, height = struct.unpack(">II", written.getvalue()[16:24])
        image = {"alt": alt, "width": round(width / 1.5), "height": round(height / 1.5)}
        png = base64.b64encode(written.getvalue()).decode()
        publish({"image/png": png, "text/plain": f"Figure: {alt}"}, {"image/png": image})
