"""Onboarding: exams as signed forms without answers, attempts graded, certificates, and how a cohort learns."""

from .cohort import Teaching, readiness, section_errors, teaching_items
from .exam_forms import (
    Attempt,
    Exam,
    Form,
    Graded,
    SignedCertificate,
    Subject,
    grade,
    issue_form,
    matched_sets,
    new_keys,
    read_key,
    signed_certificate,
)

__all__ = [
    "Attempt",
    "Exam",
    "Form",
    "Graded",
    "SignedCertificate",
    "Subject",
    "Teaching",
    "grade",
    "issue_form",
    "matched_sets",
    "new_keys",
    "read_key",
    "readiness",
    "section_errors",
    "signed_certificate",
    "teaching_items",
]
