"""What a plan may say: each clause once, with its type and what it is for.

The JSON Schema for editors and the blank plan are made from this table.
"""

from typing import Any

Clause = dict[str, Any]
TASKS = ("label", "pairwise", "spans", "steps")
RISKS = ("low", "medium", "high")
STAGES = ("design", "pilot", "live", "closing")
ROLES = (
    "programme manager",
    "quality lead",
    "linguist lead",
    "data steward",
    "analyst",
    "vendor manager",
    "wellbeing lead",
    "tooling engineer",
)
DATE = r"^\d{4}-\d{2}-\d{2}$"
STANDARD = r"^[A-Z]{3}-\d{3}$"
LOCALE = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?-([A-Z]{2}|\d{3})$"


def _text(about: str) -> Clause:
    return {"type": "string", "minLength": 1, "maxLength": 4000, "description": about}


def _texts(about: str) -> Clause:
    return {"type": "array", "items": _text("One of them."), "maxItems": 1000, "description": about}


def _one_of(about: str, *choices: str) -> Clause:
    return {"enum": list(choices), "description": about}


def _some_of(about: str, *choices: str) -> Clause:
    return {"type": "array", "items": {"enum": list(choices)}, "uniqueItems": True, "description": about}


def _yes_no(about: str) -> Clause:
    return {"type": "boolean", "description": about}


def _whole(about: str, low: int = 0, high: int = 1_000_000_000) -> Clause:
    return {"type": "integer", "minimum": low, "maximum": high, "description": about}


def _number(about: str, low: float = 0, high: float = 1e12) -> Clause:
    return {"type": "number", "minimum": low, "maximum": high, "description": about}


def _share(about: str) -> Clause:
    return _number(about + " A share between 0 and 1.", 0, 1)


def _date(about: str) -> Clause:
    return {"type": "string", "format": "date", "pattern": DATE, "description": about + " As 2027-01-31."}


def _records(about: str, required: tuple[str, ...], **fields: Clause) -> Clause:
    record = {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}
    return {"type": "array", "items": record, "maxItems": 1000, "description": about}


def _by_market(about: str) -> Clause:
    return {
        "type": "object",
        "patternProperties": {LOCALE: _text("The form.")},
        "additionalProperties": False,
        "description": about,
    }


_STANDARD = {"type": "string", "pattern": STANDARD, "description": "The standard's identifier, as CAL-003."}
_ROLE = _one_of("The role that answers for it.", *ROLES)

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

CLAUSES: dict[str, Clause] = {
    "title": _text("The plan's name, as people say it."),
    "task": _one_of("What a rater gives for an item.", *TASKS),
    "risk": _one_of("What a wrong result could do to a user.", *RISKS),
    "stage": _one_of("How far the programme is; standards of earlier stages stay in force.", *STAGES),
    "question": _text("The question, in one sentence."),
    "decision": _text("The decision the result serves, and which result leads to which choice."),
    "owner": _text("The one role that takes the decision."),
    "decide_by": _date("When the decision falls."),
    "wrong_decision": _text("What each kind of wrong decision would cost."),
    "purpose.stands_for": _text("Whom the rater stands for: market, need, situation."),
    "purpose.not_for": _texts("Uses the ratings are not fit for."),
    "purpose.priority": _texts("The qualities judged, in the order that settles conflicts."),
    "population.items": _text("The items the result speaks for."),
    "population.frame": _text("The list the sample is drawn from, with its period."),
    "sample.size": _whole("Items in all.", 1),
    "sample.per_market": _whole("Items in the market that has fewest.", 1),
    "sample.method": _one_of("How items are drawn.", "random", "stratified", "systematic", "whole", "hand-picked"),
    "sample.strata": _texts("What the sample is stratified by."),
    "sample.seed": _whole("The seed of the draw."),
    "dataset.name": _text("Name and version of the set."),
    "dataset.licence": _text("Source, and the licence or consent."),
    "dataset.synthetic": _yes_no("Whether items were generated."),
    "dataset.checked_share": _share("How many synthetic items a person has read."),
    "rubric.name": _text("The rubric's name."),
    "rubric.version": _text("The rubric's version, in quotes."),
    "rubric.decision": _text("The decision the rubric serves: a verb, a role and a date."),
    "rubric.out_of_scope": _texts("What the rubric does not judge."),
    "rubric.scale.level": _one_of("The scale's level of measurement.", "nominal", "ordinal", "interval", "ratio"),
    "rubric.scale.labels": _texts("The labels, in order."),
    "rubric.anchors_per_level": _whole("Worked examples for each level."),
    "rubric.borderline_anchors_per_boundary": _whole("Borderline examples between two levels."),
    "rubric.exits": _some_of(
        "Ways out of an item.", "not_applicable", "cannot_judge", "invalid_task", "too_many_errors"
    ),
    "rubric.rationale.collected": _yes_no("Whether raters write a reason."),
    "rubric.rationale.max_words": _whole("Longest reason, in words."),
    "rubric.taxonomy.version": _text("Version of the defect types and severities, in quotes."),
    "rubric.priority_rule": _text("The rule when criteria pull apart."),
    "rubric.escalation.answer_within_hours": _number("Hours until an escalated item is answered."),
    "rubric.changes.check_before_labelling": _yes_no("Whether raters pass a check before a new version."),
    "rubric.pilot.items": _whole("Items of the pilot."),
    "rubric.pilot.gates": _texts("Gates the pilot must meet, set before it."),
    "rubric.walkthrough.raters_per_market": _whole("Raters who think aloud over the rubric, in each market."),
    "rubric.bias_threats": _some_of(
        "Biases with a countermeasure in this plan.",
        "order", "length", "style", "halo", "anchoring", "self_preference", "central_tendency",
    ),
    "raters.source": _text("Who they are: own, vendor, experts."),
    "raters.count": _whole("Raters in all.", 1),
    "raters.per_market": _whole("Raters in the market that has fewest.", 1),
    "raters.pool": _one_of("Whether other people will rate later.", "rotating", "closed"),
    "raters.overlap": _whole("Labels for an item that counts.", 1, 1000),
    "raters.overlap_share": _share("Items that get two labels or more."),
    "raters.certification.bar": _share("Accuracy on gold a rater must show."),
    "raters.certification.trials": _whole("Gold items in the exam."),
    "raters.recalibration": _texts("What makes raters calibrate again, as amendment."),
    "gold.share": _share("Gold items among those shown."),
    "gold.refresh_days": _whole("Days until gold items are replaced."),
    "gold.ambiguous": _one_of("What becomes of gold items with several right answers.", "left out", "several keys"),
    "agreement.shown_with": _some_of("What stands beside each coefficient.", "raw_agreement", "label_shares"),
    "audit.share": _share("Labels of a lot that are audited."),
    "audit.independent": _yes_no("Whether auditors audit others' work only."),
    "audit.blind": _yes_no("Whether auditors label before they see the label."),
    "audit.accept_at_most": _share("Defective labels at which a lot is still accepted."),
    "audit.rework_days": _whole("Working days until a rejected lot is mended."),
    "interval.confidence": _share("Confidence of the intervals."),
    "interval.over": _one_of("Whom the interval speaks for.", "items", "raters", "items and raters"),
    "interval.cluster": _text("The unit whose judgments hang together, or none."),
    "judge.used": _yes_no("Whether a model gives any judgment."),
    "judge.model": _text("The model."),
    "judge.version": _text("Its version, in quotes."),
    "judge.human_labels": _whole("Items of the same population with a human label too."),
    "judge.validation": _one_of(
        "How the judge's errors enter the result.",
        "alternative annotator test", "corrected rate", "prediction-powered mean", "none",
    ),
    "judge.revalidate_on_change": _yes_no("Whether a changed judge is validated before use."),
    "judge.both_orders": _yes_no("Whether it sees each pair in both orders."),
    "judge.decides_alone": _yes_no("Whether an item passes on its verdict alone."),
    "experiment.planned": _yes_no("Whether systems are compared."),
    "experiment.design": _one_of("How they are compared.", "paired", "independent groups"),
    "experiment.metric": _text("The primary metric."),
    "experiment.smallest_difference": _number("Smallest difference that would change the decision."),
    "experiment.power": _share("Chance to find it."),
    "experiment.stopping": _one_of("When collection stops.", "fixed sample", "anytime-valid", "when clear"),
    "launch.planned": _yes_no("Whether a launch depends on the result."),
    "launch.must_pass": _texts("Criteria that must all be met, each with its number."),
    "launch.per_market": _yes_no("Whether each market passes on its own data."),
    "launch.noninferiority_margin": _number("Largest loss that counts as not worse."),
    "launch.rollback_hours": _number("Hours to take the launch back."),
    "launch.review_days": _whole("Days until the launch is looked back on."),
    "markets.locales": {
        "type": "array",
        "items": {"type": "string", "pattern": LOCALE, "description": "Language and country, as fr-FR."},
        "uniqueItems": True,
        "maxItems": 500,
        "description": "Markets by BCP 47 tag.",
    },
    "markets.native_raters": _yes_no("Whether raters are native to their market."),
    "markets.compared": _yes_no("Whether markets are compared with each other."),
    "markets.bridge_items": _whole("Items rated in every market."),
    "markets.address": _by_market("Form of address for each market."),
    "data.personal": _yes_no("Whether raters see personal data."),
    "data.lawful_basis": _text("The lawful basis, and who in legal confirmed it."),
    "data.retention_days": _whole("Days items stay in the tool."),
    "data.keep_raw_labels": _yes_no("Whether raw labels are kept beside adjudicated ones."),
    "vendors.used": _yes_no("Whether vendors supply raters."),
    "vendors.names": _texts("Vendors."),
    "vendors.subcontracting": _one_of("Whether vendors may subcontract.", "forbidden", "written_consent", "free"),
    "vendors.locale_proof": _some_of("How locale competence is shown.", "language_check", "sample_work", "self_report"),
    "vendors.pay.hourly_floor": _text("Lowest pay an hour for each country, with currency."),
    "vendors.pay.training_paid": _yes_no("Whether training, exams and waiting are paid."),
    "vendors.capacity.reserve_share": _share("Certified raters above need."),
    "vendors.pilot.gates": _texts("Gates met before live work."),
    "vendors.certification.valid_days": _whole("Days a certificate lasts."),
    "vendors.ramp.first_week_share": _share("Volume of the first live week."),
    "vendors.audit.weekly_share": _share("Accepted work audited each week."),
    "vendors.corrective_action.plan_within_days": _whole("Working days until a corrective plan."),
    "vendors.dispute.answer_within_days": _whole("Working days until a disputed label is judged again."),
    "vendors.ai_assistance": _one_of("Whether raters may use outside AI.", "forbidden", "logged", "free"),
    "vendors.exit.deletion_within_days": _whole("Days until data is deleted after the end."),
    "people.feedback_days": _whole("Working days until a rater gets feedback."),
    "people.ranking": _yes_no("Whether raters are ranked in front of each other."),
    "people.raters_per_mentor": _whole("Raters for one mentor."),
    "wellbeing.exposure": _one_of("Exposure to distressing items.", "none", "low", "high"),
    "wellbeing.daily_limit_minutes": _whole("Minutes of distressing items a day.", 0, 1440),
    "wellbeing.opt_out": _one_of("What leaving the task costs.", "without penalty", "counted", "not possible"),
    "pay.basis": _one_of("What is paid for.", "hour", "item with hourly floor", "item"),
    "pay.minutes_per_item": _number("Minutes for an item, as measured."),
    "pay.rejected_work": _one_of("Pay for rejected work.", "paid", "paid unless fraud is shown", "unpaid"),
    "appeal.reply_days": _whole("Working days until an appeal is answered."),
    "budget.amount": _number("What it may cost."),
    "budget.currency": _text("Currency, as EUR."),
    "reporting.audience": _one_of("Widest audience.", "rater", "operations", "partner", "public"),
    "reporting.privacy_threshold": _whole("Smallest group of people shown."),
    "use.claim": _text("The claim the main score supports, in one sentence."),
    "use.misuses": _texts("Likely misreadings of the main score."),
    "use.expires_days": _whole("Days after collection until the score may not be quoted."),
    "reports": _texts("Reports that will be made."),
    "results": _texts("Report files (NAME.json) whose gates count, as paths from the plan's folder."),
    "exceptions": _records(
        "Standards not met until a date, by agreement.", ("standard", "until", "reason", "granted_by"),
        standard=_STANDARD, until=_date("Last day it holds."), reason=_text("Why."), granted_by=_ROLE,
    ),
    "attestations": _records(
        "Audit questions answered with yes, by a role, on a day.", ("standard", "by", "date"),
        standard=_STANDARD, by=_ROLE, date=_date("The day of the answer."), note=_text("What was seen."),
    ),
    "decisions": _records(
        "What was decided on which report, and what came of it.", ("date", "report", "decision", "by"),
        date=_date("The day."), report=_text("The report it rests on."), decision=_text("What was decided."),
        by=_text("The role."), outcome=_text("What came of it."),
    ),
}  # fmt: skip
