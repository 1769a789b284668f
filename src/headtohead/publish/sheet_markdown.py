"""A sheet for a pull request."""

from collections.abc import Iterator

from headtohead.publish.escaping import markdown
from headtohead.publish.sheet import Answer, Section, Sheet
from headtohead.publish.text import cell_text

_MARK: dict[Answer, str] = {"yes": "✅", "no": "❌", "undecided": "❔", "none": "ℹ️"}


def sheet_markdown(sheet: Sheet) -> str:
    """The sheet as GitHub's Markdown: the verdict in sight, tables folded away."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"### {_MARK[sheet.answer]} {markdown(sheet.word)}: {markdown(sheet.title)}"
    yield ""
    yield markdown(sheet.sentence)
    if sheet.facts:
        yield ""
        yield "| | |"
        yield "|---|---|"
        for name, value in sheet.facts:
            yield f"| {markdown(name)} | {markdown(value)} |"
    for section in sheet.sections:
        yield ""
        yield from _section(section)
    for note in sheet.notes:
        yield ""
        yield f"> {markdown(note)}"
    if sheet.command:
        yield ""
        yield f"Made with `{sheet.command.replace('`', '')}`"


def _section(section: Section) -> Iterator[str]:
    yield f"<details><summary><b>{markdown(section.title)}</b>: {markdown(section.question)}" \
        "</summary>"  # fmt: skip
    yield ""
    if section.says:
        yield markdown(section.says)
        yield ""
    if section.rows:
        yield "| " + " | ".join(markdown(c.title) for c in section.columns) + " |"
        yield "|" + "|".join("---" if c.digits is None else "--:" for c in section.columns) + "|"
        for row in section.rows[: section.shown]:
            cells = (cell_text(x, c, 80) for x, c in zip(row, section.columns, strict=True))
            yield "| " + " | ".join(markdown(cell) for cell in cells) + " |"
        more = len(section.rows) - section.shown
        if more > 0:
            yield ""
            yield f"and {more} more"
        yield ""
    for remark in section.remarks:
        yield f"- {markdown(remark)}"
    yield ""
    yield "</details>"
