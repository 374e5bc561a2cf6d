"""A rubric as its file holds it: criteria with anchored labels, defects, ways out, escalation, examples, markets."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..documents import Day, Model, Once, Text, load, schema, show, wrong
from ..errors import BadOption

Unit = Literal["text", "pair", "span", "conversation", "trajectory"]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Exit = Literal["not_applicable", "cannot_judge", "invalid_task"]
Kind = Literal["easy", "edge", "trap"]
ChangeType = Literal["clarification", "amendment", "new criterion"]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60, description="Small letters, as locale_fit.")]
LabelName = Annotated[str, Field(min_length=1, max_length=60, description="As raters see it and files hold it.")]
Market = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?-([A-Z]{2}|\d{3})$", description="Language and country, as fr-FR.")
]
Version = Annotated[str, Field(pattern=r"^\d+(\.\d+){1,2}$", description="In quotes, as '1.2' or '1.2.1'.")]


class Anchor(Model):
    """An example placed on the scale beforehand, with its reason."""

    text: Text = Field(description="The answer, or the part of it that counts.")
    why: Text = Field(description="Why it has this label.")
    market: Market | None = Field(default=None, description="The market it is from; none: it holds for all.")
    not_label: LabelName | None = Field(default=None, description="For an edge: the neighbouring label it just misses.")


class Label(Model):
    """A point of a criterion's scale."""

    name: LabelName
    means: Text = Field(description="What an item with this label has.")
    is_not: Text = Field(description="What it is often taken for, and is not.")
    needs: Short = Field(default="", description="What else the rater gives with it: a quotation, a defect.")
    anchors: list[Anchor] = Field(default_factory=list, max_length=100)


class Criterion(Model):
    """One question about one unit."""

    name: Name
    question: Text
    level: Level
    labels: list[Label] = Field(min_length=2, max_length=20, description="Lowest first.")
    passes: LabelName | None = Field(default=None, description="The lowest label that passes.")
    ties: Text | None = Field(default=None, description="What decides between two labels that both seem to fit.")

    @property
    def names(self) -> list[str]:
        """Its labels, lowest first."""
        return [label.name for label in self.labels]

    @property
    def failing(self) -> list[str]:
        """Its labels below pass; none where it does not say from which one an item passes."""
        return self.names[: self.names.index(self.passes)] if self.passes else []

    @model_validator(mode="after")
    def _labels_exist(self) -> "Criterion":
        names = self.names
        if len(set(names)) < len(names):
            raise wrong("has a label twice", "Give each label a name of its own.")
        if self.passes is not None and self.passes not in names:
            raise wrong(f"passes from {show(self.passes)}, which is no label of it", f"Take one of {', '.join(names)}.")
        for label in self.labels:
            for anchor in label.anchors:
                if anchor.not_label is not None and anchor.not_label not in set(names) - {label.name}:
                    raise wrong(
                        f"has an edge anchor of {show(label.name)} against {show(anchor.not_label)}",
                        "Name another label of the same criterion.",
                    )
        return self


class Neighbour(Model):
    """A defect that is taken for another one."""

    defect: Name
    difference: Text = Field(description="How to tell the two apart.")


class DefectExample(Model):
    """A text that has, or only seems to have, a defect."""

    text: Text
    market: Market | None = None
    has_it: bool
    why: Text


class Defect(Model):
    """One type of the taxonomy."""

    name: Name
    definition: Text
    test: Text = Field(description="A question that a rater answers with yes if the defect is there.")
    near: list[Neighbour] = Field(default_factory=list, max_length=20)
    examples: list[DefectExample] = Field(min_length=1, max_length=50)


class Severity(Model):
    """How bad a defect is, by what it does to the user."""

    name: Name
    consequence: Text
    weight: float = Field(ge=0)


class WayOut(Model):
    """An answer other than a label."""

    name: Exit
    when: Text
    score: Text = Field(description="What becomes of the score.")
    then: Text = Field(description="What happens to the item next.")


class Trigger(Model):
    """What a rater must not settle alone."""

    sees: Text
    presses: Literal["stop", "flag"]
    urgency: Literal["S0", "S1", "S2", "S3", "S4"]
    meanwhile: Text = Field(description="What the rater does until the answer.")


class Elsewhere(Model):
    """A matter that raters leave out of account."""

    what: Short
    goes_to: Short = Field(description="Who or what takes care of it.")


class Judged(Model):
    """A label with its reason."""

    label: LabelName
    why: Text


class Example(Model):
    """An item judged by those who own the rubric, with the reason for each label."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=60)]
    kind: Kind
    market: Market | None = None
    item: dict[Name, Text] = Field(min_length=1, max_length=20, description="What the rater sees, by field.")
    labels: dict[Name, Judged] = Field(min_length=1, max_length=50, description="By criterion.")
    defects: list[Name] = Field(default_factory=list, max_length=20)


class Variant(Model):
    """What a market has of its own; the version is that of all markets."""

    guideline: Text = Field(description="In the market's language: what its raters must know.")
    labels: dict[Name, dict[LabelName, Short]] = Field(
        default_factory=dict, max_length=50, description="Labels in its language, by criterion."
    )


class Steps(Model):
    """For trajectories: how the steps count."""

    partial_credit: Text
    first_error: Text
    irreversible: list[Short] = Field(min_length=1, max_length=50, description="Actions that cannot be undone.")


class Note(Model):
    """What raters are told of a change."""

    note: Text = Field(description="What raters do differently.")
    why: Text | None = Field(default=None, description="The number or the decision behind it.")


class Change(Note):
    """An earlier or the present version's change note."""

    version: Version
    type: ChangeType
    decided: Day
    effective: Day
    recalibrate: bool
    markets: dict[Market, Note] = Field(default_factory=dict, max_length=50, description="In a market's language.")


class Rubric(Model):
    """The written rule by which raters and models turn an item into labels.

    Attributes
    ----------
    name, version, effective
        Which rubric this is, from which day; one version for all markets.
    decision, stands_for, unit, shows
        What it is for, in whose place the rater judges, what is judged, and what the rater sees.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    version: Version
    effective: Day
    title: Short
    decision: Text
    stands_for: Text
    unit: Unit
    shows: dict[Name, Short] = Field(min_length=1, max_length=20, description="Fields of an item, and what each is.")
    seconds: int = Field(ge=1, le=7200, description="Seconds per item, by the pilot's median.")
    out_of_scope: list[Elsewhere] = Field(default_factory=list, max_length=50)
    terms: dict[Short, Text] = Field(default_factory=dict, max_length=100)
    criteria: list[Criterion] = Field(min_length=1, max_length=20)
    order: Once[Name] = Field(default_factory=list, description="Which criterion wins, first one first.")
    verdict: Text = Field(description="How the labels make the item's result.")
    exits: list[WayOut] = Field(default_factory=list, max_length=10)
    severities: list[Severity] = Field(default_factory=list, max_length=10)
    taxonomy: Version | None = None
    defects: list[Defect] = Field(default_factory=list, max_length=200)
    escalation: list[Trigger] = Field(default_factory=list, max_length=50)
    steps: Steps | None = None
    examples: list[Example] = Field(default_factory=list, max_length=500)
    markets: dict[Market, Variant] = Field(default_factory=dict, max_length=50)
    changes: list[Change] = Field(default_factory=list, max_length=200)

    @model_validator(mode="after")
    def _names_exist(self) -> "Rubric":
        criteria = {criterion.name: criterion for criterion in self.criteria}
        if len(criteria) < len(self.criteria):
            raise wrong("has a criterion twice", "Give each criterion a name of its own.")
        for name, criterion, label in self._used():
            if criterion not in criteria:
                raise wrong(f"names the criterion {show(criterion)} in {name}", f"Take one of {', '.join(criteria)}.")
            allowed = criteria[criterion].names
            if label is not None and label not in [*allowed, "not_applicable"]:
                raise wrong(
                    f"gives {show(criterion)} the label {show(label)} in {name}", f"Take one of {', '.join(allowed)}."
                )
        defects = {defect.name for defect in self.defects}
        for where, defect in self._named_defects():
            if defect not in defects:
                raise wrong(f"names the defect {show(defect)} in {where}", "Define it under `defects`, or correct it.")
        if (self.unit == "trajectory") != (self.steps is not None):
            raise wrong(
                "has steps without a trajectory, or the reverse", "Give `steps` exactly where unit is trajectory."
            )
        return self

    def _used(self) -> Iterator[tuple[str, str, str | None]]:
        for criterion in self.order:
            yield "order", criterion, None
        for example in self.examples:
            for criterion, judged in example.labels.items():
                yield f"example {example.name}", criterion, judged.label
        for market, variant in self.markets.items():
            for criterion, names in variant.labels.items():
                for label in names:
                    yield f"market {market}", criterion, label

    def _named_defects(self) -> Iterator[tuple[str, str]]:
        for defect in self.defects:
            for near in defect.near:
                yield f"defect {defect.name}", near.defect
        for example in self.examples:
            for name in example.defects:
                yield f"example {example.name}", name

    def criterion(self, name: str) -> Criterion:
        """The criterion of that name."""
        return next(criterion for criterion in self.criteria if criterion.name == name)

    def reading(self, criterion: str = "") -> dict[str, Any]:
        """How the judgments of a criterion are read: what `read_judgments` takes as scale and level.

        Examples
        --------
        >>> read_rubric(Path("data/rubrics/agent_task.yml")).reading("within_limits")
        {'scale': ['broken', 'kept'], 'level': 'nominal'}
        """
        names = [one.name for one in self.criteria]
        name = names[0] if len(names) == 1 and not criterion else criterion
        BadOption.unless("criterion", name, names)
        one = self.criterion(name)
        return {"scale": one.names, "level": one.level}


def read_rubric(source: str | Path | bytes | dict[str, Any], *, name: str = "") -> Rubric:
    """Read a rubric from a YAML file, and refuse it with every fault listed.

    Parameters
    ----------
    source : str, path, bytes or dict
        A file, its text, or what it holds.
    name : str
        What messages call it; otherwise the file's name.

    Returns
    -------
    Rubric

    Raises
    ------
    InvalidData
        With each fault, its line and its fix.

    Examples
    --------
    >>> from pathlib import Path
    >>> read_rubric(Path("data/rubrics/search_relevance.yml")).version
    '1.0'
    """
    return load(Rubric, source, name=name)


def rubric_schema() -> dict[str, Any]:
    """The JSON Schema of a rubric file, for editors that complete and check as you write."""
    return schema(Rubric)


def words(text: str) -> int:
    """How many words a text has.

    >>> words("A step, then the next.")
    5
    """
    return len(re.findall(r"\w+(?:[’'-]\w+)*", text))
