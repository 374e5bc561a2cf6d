"""What a plan may say: each clause once, with its type and what it is for.

The plan's model, the JSON Schema for editors and the blank plan are made from this table.
"""

from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import Field

from ..documents import Day, Model, Once, Text

Task = Literal["label", "pairwise", "spans", "steps"]
Risk = Literal["low", "medium", "high"]
Stage = Literal["design", "pilot", "live", "closing"]
Role = Literal[
    "programme manager",
    "quality lead",
    "linguist lead",
    "data steward",
    "analyst",
    "vendor manager",
    "wellbeing lead",
    "tooling engineer",
]
T = TypeVar("T")
STAGES: tuple[Stage, ...] = get_args(Stage)
StandardName = Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{3}$", description="The standard's identifier, as CAL-003.")]
Locale = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?-([A-Z]{2}|\d{3})$", description="Language and country, as fr-FR.")
]
Texts = Annotated[list[Text], Field(max_length=1000)]
Whole = Annotated[int, Field(ge=0, le=1_000_000_000)]
Positive = Annotated[int, Field(ge=1, le=1_000_000_000)]
Number = Annotated[float, Field(ge=0, le=1e12)]
Share = Annotated[float, Field(ge=0, le=1)]
ByMarket = Annotated[dict[Locale, Text], Field(json_schema_extra={"additionalProperties": False})]
Records = Annotated[list[T], Field(max_length=1000)]
NOTES = {Share: " A share between 0 and 1.", Day: " As 2027-01-31."}


class PlanException(Model):
    """A standard not met until a date, by agreement."""

    standard: StandardName
    until: Day = Field(description="Last day it holds. As 2027-01-31.")
    reason: Text = Field(description="Why.")
    granted_by: Role = Field(description="The role that answers for it.")


class Attestation(Model):
    """An audit question answered with yes, by a role, on a day."""

    standard: StandardName
    by: Role = Field(description="The role that answers for it.")
    date: Day = Field(description="The day of the answer. As 2027-01-31.")
    note: Text = Field(default="", description="What was seen.")


class Decision(Model):
    """What was decided on which report, and what came of it."""

    date: Day = Field(description="The day. As 2027-01-31.")
    report: Text = Field(description="The report it rests on.")
    decision: Text = Field(description="What was decided.")
    by: Text = Field(description="The role.")
    outcome: Text = Field(default="", description="What came of it.")


REQUIRED = ("title", "task", "risk", "stage")

SECTIONS = {
    "purpose": "What the judgments are for.",
    "population": "What the result speaks for.",
    "sample": "How items are drawn.",
    "dataset": "Where items come from.",
    "rubric": "What raters judge by.",
    "raters": "Who judges, and how often.",
    "gold": "Items with a known answer.",
    "agreement": "How agreement is shown.",
    "audit": "How delivered work is checked.",
    "interval": "How sure the result is, and of what.",
    "judge": "A model that judges.",
    "experiment": "A comparison of systems.",
    "launch": "A launch that depends on the result.",
    "markets": "Where the result is to hold.",
    "data": "How items and labels are handled.",
    "vendors": "Who supplies raters.",
    "people": "How raters are led.",
    "wellbeing": "What the work does to raters.",
    "pay": "How raters are paid.",
    "appeal": "How a rater disagrees.",
    "budget": "What it may cost.",
    "reporting": "Who reads the reports.",
    "use": "How the score may be read.",
}

CLAUSES: dict[str, tuple[Any, str]] = {
    "title": (Text, "The plan's name, as people say it."),
    "task": (Task, "What a rater gives for an item."),
    "risk": (Risk, "What a wrong result could do to a user."),
    "stage": (Stage, "How far the programme is; standards of earlier stages stay in force."),
    "question": (Text, "The question, in one sentence."),
    "decision": (Text, "The decision the result serves, and which result leads to which choice."),
    "owner": (Text, "The one role that takes the decision."),
    "decide_by": (Day, "When the decision falls."),
    "wrong_decision": (Text, "What each kind of wrong decision would cost."),
    "purpose.stands_for": (Text, "Whom the rater stands for: market, need, situation."),
    "purpose.not_for": (Texts, "Uses the ratings are not fit for."),
    "purpose.priority": (Texts, "The qualities judged, in the order that settles conflicts."),
    "population.items": (Text, "The items the result speaks for."),
    "population.frame": (Text, "The list the sample is drawn from, with its period."),
    "sample.size": (Positive, "Items in all."),
    "sample.per_market": (Positive, "Items in the market that has fewest."),
    "sample.method": (Literal["random", "stratified", "systematic", "whole", "hand-picked"], "How items are drawn."),
    "sample.strata": (Texts, "What the sample is stratified by."),
    "sample.seed": (Whole, "The seed of the draw."),
    "dataset.name": (Text, "Name and version of the set."),
    "dataset.licence": (Text, "Source, and the licence or consent."),
    "dataset.synthetic": (bool, "Whether items were generated."),
    "dataset.checked_share": (Share, "How many synthetic items a person has read."),
    "rubric.name": (Text, "The rubric's name."),
    "rubric.version": (Text, "The rubric's version, in quotes."),
    "rubric.decision": (Text, "The decision the rubric serves: a verb, a role and a date."),
    "rubric.out_of_scope": (Texts, "What the rubric does not judge."),
    "rubric.scale.level": (Literal["nominal", "ordinal", "interval", "ratio"], "The scale's level of measurement."),
    "rubric.scale.labels": (Texts, "The labels, in order."),
    "rubric.anchors_per_level": (Whole, "Worked examples for each level."),
    "rubric.borderline_anchors_per_boundary": (Whole, "Borderline examples between two levels."),
    "rubric.exits": (
        Once[Literal["not_applicable", "cannot_judge", "invalid_task", "too_many_errors"]],
        "Ways out of an item.",
    ),
    "rubric.rationale.collected": (bool, "Whether raters write a reason."),
    "rubric.rationale.max_words": (Whole, "Longest reason, in words."),
    "rubric.taxonomy.version": (Text, "Version of the defect types and severities, in quotes."),
    "rubric.priority_rule": (Text, "The rule when criteria pull apart."),
    "rubric.escalation.answer_within_hours": (Number, "Hours until an escalated item is answered."),
    "rubric.changes.check_before_labelling": (bool, "Whether raters pass a check before a new version."),
    "rubric.pilot.items": (Whole, "Items of the pilot."),
    "rubric.pilot.gates": (Texts, "Gates the pilot must meet, set before it."),
    "rubric.walkthrough.raters_per_market": (Whole, "Raters who think aloud over the rubric, in each market."),
    "rubric.bias_threats": (
        Once[Literal["order", "length", "style", "halo", "anchoring", "self_preference", "central_tendency"]],
        "Biases with a countermeasure in this plan.",
    ),
    "raters.source": (Text, "Who they are: own, vendor, experts."),
    "raters.count": (Positive, "Raters in all."),
    "raters.per_market": (Positive, "Raters in the market that has fewest."),
    "raters.pool": (Literal["rotating", "closed"], "Whether other people will rate later."),
    "raters.overlap": (Annotated[int, Field(ge=1, le=1000)], "Labels per item that counts."),
    "raters.overlap_share": (Share, "Items that get two labels or more."),
    "raters.certification.bar": (Share, "Accuracy on gold a rater must show."),
    "raters.certification.trials": (Whole, "Gold items in the exam."),
    "raters.recalibration": (Texts, "What makes raters calibrate again, as amendment."),
    "gold.share": (Share, "Gold items among those shown."),
    "gold.refresh_days": (Whole, "Days until gold items are replaced."),
    "gold.ambiguous": (Literal["left out", "several keys"], "What becomes of gold items with several right answers."),
    "agreement.shown_with": (Once[Literal["raw_agreement", "label_shares"]], "What stands beside each coefficient."),
    "audit.share": (Share, "Labels of a lot that are audited."),
    "audit.independent": (bool, "Whether auditors audit others' work only."),
    "audit.blind": (bool, "Whether auditors label before they see the label."),
    "audit.accept_at_most": (Share, "Defective labels at which a lot is still accepted."),
    "audit.rework_days": (Whole, "Working days until a rejected lot is fixed."),
    "interval.confidence": (Share, "Confidence of the intervals."),
    "interval.over": (Literal["items", "raters", "items and raters"], "Whom the interval speaks for."),
    "interval.cluster": (Text, "The unit whose judgments hang together, or none."),
    "judge.used": (bool, "Whether a model gives any judgment."),
    "judge.model": (Text, "The model."),
    "judge.version": (Text, "Its version, in quotes."),
    "judge.human_labels": (Whole, "Items of the same population with a human label too."),
    "judge.validation": (
        Literal["alternative annotator test", "corrected rate", "prediction-powered mean", "none"],
        "How the judge's errors enter the result.",
    ),
    "judge.revalidate_on_change": (bool, "Whether a changed judge is validated before use."),
    "judge.both_orders": (bool, "Whether it sees each pair in both orders."),
    "judge.decides_alone": (bool, "Whether an item passes on its verdict alone."),
    "experiment.planned": (bool, "Whether systems are compared."),
    "experiment.design": (Literal["paired", "independent groups"], "How they are compared."),
    "experiment.metric": (Text, "The primary metric."),
    "experiment.smallest_difference": (Number, "Smallest difference that would change the decision."),
    "experiment.power": (Share, "Chance to find it."),
    "experiment.stopping": (Literal["fixed sample", "anytime-valid", "when clear"], "When collection stops."),
    "launch.planned": (bool, "Whether a launch depends on the result."),
    "launch.must_pass": (Texts, "Criteria that must all be met, each with its number."),
    "launch.per_market": (bool, "Whether each market passes on its own data."),
    "launch.noninferiority_margin": (Number, "Largest loss that counts as not worse."),
    "launch.rollback_hours": (Number, "Hours to take the launch back."),
    "launch.review_days": (Whole, "Days until the launch is looked back on."),
    "markets.locales": (Once[Locale], "Markets by BCP 47 tag."),
    "markets.native_raters": (bool, "Whether raters are native to their market."),
    "markets.compared": (bool, "Whether markets are compared with each other."),
    "markets.bridge_items": (Whole, "Items rated in every market."),
    "markets.address": (ByMarket, "Form of address for each market, as fr-FR."),
    "data.personal": (bool, "Whether raters see personal data."),
    "data.lawful_basis": (Text, "The lawful basis, and who in legal confirmed it."),
    "data.retention_days": (Whole, "Days items stay in the tool."),
    "data.keep_raw_labels": (bool, "Whether raw labels are kept beside adjudicated ones."),
    "vendors.used": (bool, "Whether vendors supply raters."),
    "vendors.names": (Texts, "Vendors."),
    "vendors.subcontracting": (Literal["forbidden", "written_consent", "free"], "Whether vendors may subcontract."),
    "vendors.locale_proof": (
        Once[Literal["language_check", "sample_work", "self_report"]],
        "How locale competence is shown.",
    ),
    "vendors.pay.hourly_floor": (Text, "Lowest pay an hour for each country, with currency."),
    "vendors.pay.training_paid": (bool, "Whether training, exams and waiting are paid."),
    "vendors.capacity.reserve_share": (Share, "Certified raters above need."),
    "vendors.pilot.gates": (Texts, "Gates met before live work."),
    "vendors.certification.valid_days": (Whole, "Days a certificate lasts."),
    "vendors.ramp.first_week_share": (Share, "Volume of the first live week."),
    "vendors.audit.weekly_share": (Share, "Accepted work audited each week."),
    "vendors.corrective_action.plan_within_days": (Whole, "Working days until a corrective plan."),
    "vendors.dispute.answer_within_days": (Whole, "Working days until a disputed label is judged again."),
    "vendors.ai_assistance": (Literal["forbidden", "logged", "free"], "Whether raters may use outside AI."),
    "vendors.exit.deletion_within_days": (Whole, "Days until data is deleted after the end."),
    "people.feedback_days": (Whole, "Working days until a rater gets feedback."),
    "people.ranking": (bool, "Whether raters are ranked in front of each other."),
    "people.raters_per_mentor": (Whole, "Raters for one mentor."),
    "wellbeing.exposure": (Literal["none", "low", "high"], "Exposure to distressing items."),
    "wellbeing.daily_limit_minutes": (Annotated[int, Field(ge=0, le=1440)], "Minutes of distressing items a day."),
    "wellbeing.opt_out": (Literal["without penalty", "counted", "not possible"], "What leaving the task costs."),
    "pay.basis": (Literal["hour", "item with hourly floor", "item"], "What is paid for."),
    "pay.minutes_per_item": (Number, "Minutes per item, as measured."),
    "pay.rejected_work": (Literal["paid", "paid unless fraud is shown", "unpaid"], "Pay for rejected work."),
    "appeal.reply_days": (Whole, "Working days until an appeal is answered."),
    "budget.amount": (Number, "What it may cost."),
    "budget.currency": (Text, "Currency, as EUR."),
    "reporting.audience": (Literal["rater", "operations", "partner", "public"], "Widest audience."),
    "reporting.privacy_threshold": (Whole, "Smallest group of people shown."),
    "use.claim": (Text, "The claim the main score supports, in one sentence."),
    "use.misuses": (Texts, "Likely misreadings of the main score."),
    "use.expires_days": (Whole, "Days after collection until the score may not be quoted."),
    "reports": (Texts, "Reports that will be made."),
    "results": (Texts, "Report files (NAME.json) whose gates count, as paths from the plan's folder."),
    "exceptions": (Records[PlanException], "Standards not met until a date, by agreement."),
    "attestations": (Records[Attestation], "Audit questions answered with yes, by a role, on a day."),
    "decisions": (Records[Decision], "What was decided on which report, and what came of it."),
    "house": (dict[str, Any], "Clauses of a house's own standards, free in form."),
}
