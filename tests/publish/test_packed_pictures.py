"""Pictures take less room and stay the same."""

import zlib

import vl_convert

from headtohead.publish.drawing import packed

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200">'
    '<rect width="400" height="200" fill="#fff"/><text x="9" y="99" font-size="40">One</text></svg>'
)


def chunks(png: bytes) -> dict[bytes, bytes]:
    """What each kind of chunk holds; every chunk has the checksum it should."""
    found: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        held = png[at + 4 : at + 8 + size]
        assert zlib.crc32(held) == int.from_bytes(png[at + 8 + size : at + 12 + size])
        found[held[:4]] = found.get(held[:4], b"") + held[4:]
        at += 12 + size
    return found


def test_a_packed_picture_has_the_same_pixels() -> None:
    drawn = vl_convert.svg_to_png(SVG)
    small = packed(drawn)
    assert len(small) < len(drawn)
    before, after = chunks(drawn), chunks(small)
    assert zlib.decompress(after.pop(b"IDAT")) == zlib.decompress(before.pop(b"IDAT"))
    assert after == before
