"""A result in a notebook: text, HTML with its own style and chart, and the chart as a picture."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.publish.test_results import cooked

import headtohead
from headtohead.publish.result import Result
from headtohead.publish.sheet import Bar, Bars, Figure, Sheet, Topic

NOTEBOOK = Path(__file__).parents[2] / "docs/tutorial/in-a-notebook.ipynb"


class Charted(Result):
    """A result with two charts."""

    bars = Bars("points", (Bar("<b>one</b>", 1.0, 0.5, 2.0), Bar("two", 3.0, 2.0, 4.0)))
    sheet = Sheet(
        verb="cook",
        title="Two <b>bars</b>",
        sentence="One is lower.",
        word="YES",
        answer="yes",
        topics=(
            Topic(title="First", figures=(Figure("one", "One", says="it is so", bars=bars),)),
            Topic(title="Second", figures=(Figure("two", "Two", bars=bars),)),
        ),
    )


def test_a_result_gives_text_html_and_its_first_chart() -> None:
    made = Charted()
    bundle = made._repr_mimebundle_()
    assert list(bundle) == ["text/plain", "text/html", "image/svg+xml"]
    assert bundle["text/plain"] == repr(made)
    html = bundle["text/html"]
    assert html == made._repr_html_()
    assert html.count("<svg") == 1
    assert "&lt;b&gt;one&lt;/b&gt;" in html
    assert "Two &lt;b&gt;bars&lt;/b&gt;" in html
    assert '<p class="badge supported"><strong>YES</strong></p>' in html
    assert html.index("First") < html.index("<svg") < html.index("Second")
    assert bundle["image/svg+xml"].startswith("<svg")
    assert [*made._repr_mimebundle_(include=["text/html", "image/png"])] == ["text/html"]
    assert [*made._repr_mimebundle_(exclude={"text/html"})] == ["text/plain", "image/svg+xml"]


def test_a_result_without_a_chart_gives_no_picture() -> None:
    assert list(cooked()._repr_mimebundle_()) == ["text/plain", "text/html"]


def test_its_style_touches_nothing_else_in_the_notebook() -> None:
    html = Charted()._repr_html_()
    assert "<script" not in html
    assert not re.findall(r"(?:src|href)=\"(?!https?:)", html)
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    style = re.sub(r"/\*.*?\*/|@media[^{]*\{(?=[^{}]*\{)", "", style, flags=re.DOTALL)
    selectors = [s.strip(" \n}") for s in re.findall(r"([^{}]+)\{", style)]
    assert len(selectors) > 10
    assert [s for s in selectors if ".h2h" not in s] == []


def shown(source: str, names: dict[str, Any]) -> object:
    """What a cell shows: the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    assert last is None or isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


@pytest.mark.usefixtures("kept_facts")
def test_the_notebook_of_the_tutorial_runs() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    names: dict[str, Any] = {}
    results = [shown("".join(cell["source"]), names) for cell in code]
    ours = [one for one in results if isinstance(one, Result)]
    assert len(ours) >= 5
    bundles = [one._repr_mimebundle_() for one in ours]
    assert all(bundle["text/html"].startswith('<div class="h2h">') for bundle in bundles)
    assert any("image/svg+xml" in bundle for bundle in bundles)
    assert names["h2h"] is headtohead
