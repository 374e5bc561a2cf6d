"""One output of a notebook, in the forms a page, a terminal and a program read."""

import base64
import io
import struct
import sys
from collections.abc import Mapping
from functools import singledispatch
from html import escape
from typing import Any

import pandas as pd

from ..results import MIME, Estimate
from . import tables

MIMEBundle = dict[str, Any]


def bundle(html: str, text: str, payload: dict[str, Any] | None = None) -> MIMEBundle:
    """Put HTML, text and, for programs, JSON into one output."""
    output: MIMEBundle = {"text/html": html, "text/plain": text}
    if payload is not None:
        output[MIME] = tables.plain(payload)
    return output


def publish(data: MIMEBundle, metadata: dict[str, Any] | None = None) -> None:
    """Show an output in a notebook; outside of one print its text."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(data["text/plain"])
    else:
        shell.display_pub.publish(data, metadata or {})


def estimate_payload(estimate: Estimate, name: str, section: str) -> dict[str, Any]:
    """An estimate as ``NAME.json`` holds it."""
    return {"shows": "estimate", "name": name or estimate.method, "section": section, **estimate.to_dict()}


def figure_bundle(figure: Any, alt: str) -> tuple[MIMEBundle, dict[str, Any]]:
    """A figure as a PNG with its alternative text; the figure is closed."""
    from matplotlib import pyplot as plt

    figure = figure if hasattr(figure, "savefig") else figure.figure
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=144, bbox_inches="tight", facecolor="white")
    plt.close(figure)
    width, height = struct.unpack(">II", written.getvalue()[16:24])
    image = {"alt": alt, "width": round(width / 1.5), "height": round(height / 1.5)}
    png = base64.b64encode(written.getvalue()).decode()
    return {"image/png": png, "text/plain": f"Figure: {alt}"}, {"image/png": image}


@singledispatch
def rendered(what: Any, name: str, caption: str, section: str) -> MIMEBundle:
    """An object as one output: an estimate, several by name, a table, sentences, or what shows itself."""
    if hasattr(what, "_repr_html_"):
        return bundle(what._repr_html_(), str(what))
    return bundle(f"<p>{escape(str(what))}</p>", str(what))


@rendered.register
def _(what: Estimate, name: str, caption: str, section: str) -> MIMEBundle:
    html = tables.scrolling(what._repr_html_(), name or what.method)
    return bundle(html, str(what), estimate_payload(what, name, section))


@rendered.register
def _(what: Mapping, name: str, caption: str, section: str) -> MIMEBundle:
    named = {str(k): e for k, e in what.items()}
    entries = [estimate_payload(e, k, section) for k, e in named.items()]
    html = tables.estimates(named, caption=caption, label=caption or section)
    text = "\n".join(f"{k}: {e}" for k, e in named.items())
    return bundle(html, text, {"shows": "estimates", "estimates": entries})


@rendered.register
def _(what: pd.DataFrame, name: str, caption: str, section: str) -> MIMEBundle:
    return bundle(tables.frame(what, caption=caption, label=caption or section), what.to_string(max_rows=40))


@rendered.register(list)
@rendered.register(tuple)
def _(what: Any, name: str, caption: str, section: str) -> MIMEBundle:
    lines = "".join(f"<li>{escape(str(line))}</li>" for line in what)
    return bundle(f"<ul>{lines}</ul>", "\n".join(f"- {line}" for line in what))
