"""One bounded way in for every YAML file: lines, models, all faults at once, and the JSON Schema of the same models."""

from .bounded_yaml import Document, Fault, nearest, read, show
from .checking import Day, Model, Once, Text, check, load, schema, subschema, wrong

__all__ = [
    "Day",
    "Document",
    "Fault",
    "Model",
    "Once",
    "Text",
    "check",
    "load",
    "nearest",
    "read",
    "schema",
    "show",
    "subschema",
    "wrong",
]
