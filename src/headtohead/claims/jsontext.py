"""A report or a check as JSON text."""

import json

from headtohead.claims.result import CheckResult, ReportResult


def render_json(result: ReportResult | CheckResult) -> str:
    """The result object, indented, with a line end; infinities are written as null."""
    return json.dumps(result.as_json(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
