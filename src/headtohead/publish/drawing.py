"""The charts of a page as SVG that follows its colours, and as pictures that stand alone."""

import re
import zlib
from dataclasses import replace

from headtohead.publish.charts import PAGE_INK, PRINT_INK, config, framed
from headtohead.publish.page import WIDTHS, FigureView

_SCALE = 2.0


def with_drawings(view: FigureView) -> FigureView:
    """A figure whose chart is drawn, once for a wide screen and once for a narrow one."""
    if view.spec is None:
        return view
    return replace(view, drawn=[(name, drawn(view, name)) for name in WIDTHS])


def drawn(view: FigureView, name: str) -> str:
    """The chart of a figure as SVG, whose colours are CSS variables of its place.

    Args:
        view: Of a figure that has a chart.
        name: "wide" or "narrow".
    """
    import vl_convert

    assert view.spec is not None
    params = [
        {**p, "value": name == "wide"} if p.get("name") == "roomy" else p
        for p in view.spec.get("params", ())
    ]
    spec = view.spec | {"config": config(PAGE_INK), "params": params, "width": WIDTHS[name]}
    svg: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    # Several drawings share a page: what they refer to inside themselves gets their own name.
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{view.figure.slug}-{name}-", svg)


def picture(view: FigureView, form: str) -> bytes:
    """The chart of a figure with its finding above and its sources below.

    Args:
        view: Of a figure that has a chart.
        form: "png" or "svg".
    """
    import vl_convert

    assert view.spec is not None
    spec = framed(view.spec, view.frame) | {"config": config(PRINT_INK)}
    if form == "svg":
        return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]).encode()
    return packed(vl_convert.vegalite_to_png(spec, scale=_SCALE, allowed_base_urls=[]))


def packed(png: bytes) -> bytes:
    """The same picture in a third of the room: the library that draws it packs in haste."""
    parts, pixels, at = [png[:8]], b"", 8
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        if kind == b"IDAT":
            pixels += png[at + 8 : at + 8 + size]
        elif kind == b"IEND":
            held = b"IDAT" + zlib.compress(zlib.decompress(pixels))
            parts += [(len(held) - 4).to_bytes(4), held, zlib.crc32(held).to_bytes(4)]
        if kind != b"IDAT":
            parts.append(png[at : at + 12 + size])
        at += 12 + size
    return b"".join(parts)
