"""The one door to every format of a report or a check."""

from pathlib import Path

from headtohead.claims.result import CheckResult, ReportResult
from headtohead.core.errors import UnknownName


def render(result: ReportResult | CheckResult, kind: str, *, version: str) -> str:
    """The result as text in one format.

    Args:
        result: A report or a check.
        kind: "html", "md" or "json".
        version: Of this package; printed on the page.

    Raises:
        UnknownName: If there is no such format.
    """
    from headtohead.claims import html, jsontext, markdown

    if kind == "json":
        return jsontext.render_json(result)
    if kind == "md":
        if isinstance(result, ReportResult):
            return markdown.render_markdown(result, version=version)
        return markdown.check_markdown(result, version=version)
    if kind == "html":
        if isinstance(result, ReportResult):
            return html.render_html(result, version=version)
        return html.check_html(result, version=version)
    raise UnknownName("format", kind, ("html", "md", "json"))


def save_charts(result: ReportResult, folder: Path) -> list[Path]:
    """The PNG and SVG files written, two for every exhibit that can be plotted.

    Args:
        result: The report.
        folder: Where to; made if it is not there.
    """
    from headtohead.claims.images import save_charts as save

    return save(result, folder)
