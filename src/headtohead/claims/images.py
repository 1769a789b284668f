"""Charts as PNG and SVG files, without a browser and without the network."""

from pathlib import Path

from headtohead.claims.exhibits import exhibit_views
from headtohead.claims.result import ReportResult
from headtohead.publish.chartspec import PRINT_INK, config, framed

_SCALE = 2.0


def save_charts(result: ReportResult, folder: Path, *, version: str = "") -> list[Path]:
    """The files written: SLUG.png and SLUG.svg for every exhibit that can be plotted.

    Args:
        result: The report.
        folder: Where to; made if it is not there.
        version: Of this package; only the citation in the data depends on it.
    """
    import vl_convert

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for view in exhibit_views(result, version).values():
        if view.spec is None:
            continue
        spec = framed(view.spec, view.frame) | {"config": config(PRINT_INK)}
        png = vl_convert.vegalite_to_png(spec, scale=_SCALE, allowed_base_urls=[])
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
        for name, content in ((f"{view.slug}.png", png), (f"{view.slug}.svg", svg.encode())):
            (folder / name).write_bytes(content)
            written.append(folder / name)
    return written
