"""Rubrics as data: read, checked against the standards, rendered for people, tools and models, and compared."""

from .lint import Finding, lint
from .rubric_model import Rubric, read_rubric, rubric_schema

__all__ = ["Finding", "Rubric", "lint", "read_rubric", "rubric_schema"]
