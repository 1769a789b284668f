"""The shell of every page: one file with its style, scripts and data, and a policy for them."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from headtohead.claims.exhibits import ExhibitView
from headtohead.publish.chartspec import PAGE_INK, PRINT_INK, config
from headtohead.publish.escaping import script_json, sentence

if TYPE_CHECKING:
    from jinja2 import Environment


def page(
    template: str,
    *,
    scripts: Sequence[str],
    exhibits: Sequence[ExhibitView],
    styles: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
    **words: Any,  # noqa: ANN401 - names and types are those of the template
) -> str:
    """One self-contained page.

    Args:
        template: Its file; it extends base.html.j2.
        scripts: Its own script files, run after what every page shares and before the charts.
        exhibits: Its charts; the chart library goes in only if one of them is drawn.
        styles: Its own style sheets.
        data: What its scripts need beside the charts.
        words: What the template names.
    """
    texts = [_text(name) for name in ("shell.js", *scripts)]
    if any(view.spec for view in exhibits):
        texts = [_chart_library(), *texts, _text("charts.js")]
    return _environment().get_template(template).render(
        **words,
        style="".join(_text(name) for name in ("style.css", *styles)),
        scripts=texts,
        policy=_policy(texts),
        charts={
            "page": config(PAGE_INK),
            "print": config(PRINT_INK),
            "exhibits": [_embedded(view) for view in exhibits if not view.missing],
            **(data or {}),
        },
    )  # fmt: skip


def _embedded(view: ExhibitView) -> dict[str, Any]:
    return {
        "slug": view.slug, "spec": view.spec, "frame": view.frame,
        "days": view.slider.days if view.slider else [],
        "data": view.data, "metadata": view.metadata,
    }  # fmt: skip


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=PackageLoader("headtohead.publish", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Only our own files, and JSON that cannot end its element, go in unescaped.
    made.filters["ours"] = Markup
    made.filters["sentence"] = sentence
    made.filters["script_json"] = lambda value: Markup(script_json(value))
    return made


def _text(name: str) -> str:
    return files("headtohead.publish").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, after their licence."""
    import vl_convert

    # Its stub says otherwise, but the snippet may be left out.
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    # "</script" inside a string of the library would end the element.
    return _text("vega-licence.txt") + bundle.replace("\r\n", "\n").replace(
        "</script", "<\\/script"
    )


def _policy(scripts: list[str]) -> str:
    """A content security policy: only these very scripts run, and nothing is fetched."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
