"""Certification: how many gold items an exam takes, who holds a certificate, who is due again.

Plans and certificates take counts; what reads judgments takes one criterion and
one stage of a `Judgments` table, or a frame.
"""

from .exam_plans import ExamPlan, Stopping, exam_plan
from .exams import (
    Bars,
    Certificate,
    Certificates,
    Certification,
    bars_from_experts,
    certificates,
    certify,
    expert_accuracy,
    streams,
)
from .recertification import Recertification, recertification

__all__ = [
    "Bars",
    "Certificate",
    "Certificates",
    "Certification",
    "ExamPlan",
    "Recertification",
    "Stopping",
    "bars_from_experts",
    "certificates",
    "certify",
    "exam_plan",
    "expert_accuracy",
    "recertification",
    "streams",
]
