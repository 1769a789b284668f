"""How Sphinx makes the documentation site of this folder: `make docs-site`.

Pages stay Markdown that reads well where the repository is hosted. What only a site needs is added
here: navigation by folder, and the reference of the Python functions from their docstrings.
"""

import importlib
from pathlib import Path
from typing import Any

from headtohead import api
from headtohead.core.version import VERSION
from headtohead.publish.result import Result

project = "headtohead"
author = "the headtohead developers"
release = version = VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_site"]
templates_path: list[str] = []

html_theme = "furo"
html_title = f"headtohead {VERSION}"
html_copy_source = False
html_show_copyright = False

myst_heading_anchors = 4
autodoc_typehints = "none"
napoleon_use_ivar = True  # a list of attributes, not an entry for each
default_role = "code"  # docstrings write `name`, as Markdown does

_SECTIONS = {
    "Tutorials": "tutorial",
    "How to": "how-to",
    "Concepts": "concepts",
    "Reference": "reference",
    "Measured": "benchmarks",
    "Decisions": "adr",
}


def _navigation() -> str:
    """A table of contents of every folder; the listing is the registry."""
    folders = (
        f":caption: {title}\n:maxdepth: 1\n:hidden:\n:glob:\n\n{folder}/*"
        for title, folder in _SECTIONS.items()
    )
    about = ":caption: The project\n:hidden:\n\narchitecture"
    return "".join(f"\n```{{toctree}}\n{listed}\n```\n" for listed in (*folders, about))


def _results() -> dict[str, type]:
    """The classes of what verbs give, by name, from the `result.py` of every folder."""
    home = Path(api.__file__).parent
    for path in home.rglob("result.py"):
        importlib.import_module(".".join(path.relative_to(home.parent).with_suffix("").parts))
    found, last = [], [Result]
    while last := [kind for each in last for kind in each.__subclasses__()]:
        found += last
    return {kind.__name__: kind for kind in sorted(found, key=lambda kind: kind.__name__)}


def _reference() -> str:
    """Every function of the package, and every result, from their docstrings."""
    verbs = [f".. autofunction:: headtohead.{name}" for name in sorted(api.VERBS)]
    shared = [f".. autoclass:: headtohead.{name}\n   :members:" for name in _SHARED]
    results = [f".. autoclass:: {k.__module__}.{k.__qualname__}" for k in _results().values()]
    parts = {"Functions": verbs, "What all results share": shared, "Results": results}
    return "".join(
        f"\n## {title}\n\n```{{eval-rst}}\n" + "\n\n".join(directives) + "\n```\n"
        for title, directives in parts.items()
    )


_SHARED = ("publish.result.Result", "core.estimate.Estimate", "core.estimate.Citation")


def _complete(app: Any, docname: str, source: list[str]) -> None:  # noqa: ANN401 - Sphinx's own
    if docname == "index":
        source[0] += _navigation()
    if docname == "reference/python":
        source[0] += _reference()


def setup(app: Any) -> None:  # noqa: ANN401 - Sphinx's own
    """Called by Sphinx."""
    app.connect("source-read", _complete)
