"""Onboarding: exams as signed forms without answers, attempts graded, certificates to check offline."""

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
    "grade",
    "issue_form",
    "matched_sets",
    "new_keys",
    "read_key",
    "signed_certificate",
]
