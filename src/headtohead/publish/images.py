"""Charts as PNG and SVG files, without a browser and without the network."""

from pathlib import Path

from headtohead.publish.drawing import picture
from headtohead.publish.files import replace, writable
from headtohead.publish.page import figure_views
from headtohead.publish.sheet import Sheet


def save_charts(sheet: Sheet, folder: Path) -> list[Path]:
    """The files written: SLUG.png and SLUG.svg for every figure that can be plotted.

    The folder is made if it is not there.
    """
    writable(folder, "folder", folder=True)
    written = []
    for slug, view in figure_views(sheet).items():
        if view.spec is None:
            continue
        for form in ("png", "svg"):
            path = folder / f"{slug}.{form}"
            replace(path, picture(view, form))
            written.append(path)
    return written
