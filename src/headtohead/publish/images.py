"""Charts as PNG and SVG files, without a browser and without the network."""

from pathlib import Path

from headtohead.publish.charts import PRINT_INK, config, framed
from headtohead.publish.files import replace, writable
from headtohead.publish.page import figure_views
from headtohead.publish.sheet import Sheet

_SCALE = 2.0


def save_charts(sheet: Sheet, folder: Path) -> list[Path]:
    """The files written: SLUG.png and SLUG.svg for every figure that can be plotted.

    The folder is made if it is not there.
    """
    import vl_convert

    writable(folder, "folder", folder=True)
    written = []
    for slug, view in figure_views(sheet).items():
        if view.spec is None:
            continue
        spec = framed(view.spec, view.frame) | {"config": config(PRINT_INK)}
        png = vl_convert.vegalite_to_png(spec, scale=_SCALE, allowed_base_urls=[])
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
        for name, content in ((f"{slug}.png", png), (f"{slug}.svg", svg.encode())):
            replace(folder / name, content)
            written.append(folder / name)
    return written
