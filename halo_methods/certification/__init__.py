"""Certification: how many gold items an exam takes, who holds a certificate, who is due again.

Plans and certificates take counts; what reads judgments takes one criterion and
one stage of a `Judgments` table, or a frame.
"""

from .exam_plans import Bars, ExamPlan, Stopping, bars_from_experts, exam_plan, expert_accuracy
from .exams import Certificate, Certificates, Certification, certificates, certify, returned_items, streams
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
    "returned_items",
    "streams",
]
