"""Rubrics as data: read, checked against the standards, rendered for people, tools and models, and compared."""

from .edge_cases import edge_cases
from .lint import Finding, lint
from .renders import TARGETS, render
from .rubric_model import Rubric, read_rubric, rubric_schema

__all__ = ["TARGETS", "Finding", "Rubric", "edge_cases", "lint", "read_rubric", "render", "rubric_schema"]
