"""What several test files do: read a file for its problems, run a chapter's cells without a kernel."""

import json
from types import SimpleNamespace

from matplotlib import pyplot as plt

from halo_methods import reports
from halo_methods.errors import InvalidData
from halo_methods.judgments import read_judgments
from halo_methods.reports import section
from halo_methods.reports.runner import findings


def check(path, **options):
    """The problems for which a file is refused; none, and it is read."""
    try:
        read_judgments(path, **options)
    except InvalidData as refused:
        return list(refused.problems)
    return []


def undrawn(figure, alt, **_):
    """In place of `rendering.figure_bundle` where only words are compared: drawing takes longest."""
    plt.close(figure)
    return {"text/plain": f"Figure: {alt}"}, {"image/png": ()}


def run_cells(name, file, audience, patch, **options):
    """What the cells of a chapter publish to an audience, in order, and the report that they made."""
    outputs, names = [], {}
    patch.setattr(section, "publish", lambda data, _=None: outputs.append(data))
    hidden = {"handbook"} if audience == "operations" else {"handbook", "operations"}
    for cell in json.loads(reports.find(name).read_text("utf-8"))["cells"]:
        tags = set(cell["metadata"].get("tags", []))
        if cell["cell_type"] == "code" and not tags & hidden:
            exec(compile("".join(cell["source"]), name, "exec"), names)
            if "parameters" in tags:
                names |= {"reading": {"data": str(file), "audience": audience}, **options}
    return outputs, names["report"]


def collected(name, file, audience, patch, **options):
    """What the cells of a chapter found, run without a kernel; collected as the report collects it."""
    outputs, report = run_cells(name, file, audience, patch, **options)
    outputs.append(report._repr_mimebundle_())
    found = findings(SimpleNamespace(cells=[{"outputs": [{"data": shown} for shown in outputs]}]))
    assert found["gate"], "no gate was collected"
    return found["data"][-1], found["gate"]
