import pytest

from headtohead.core.errors import UpstreamChanged
from headtohead.evidence.sourcing import RawFile, csv_records, finite


def _file(text: str, mark: bytes = b"") -> RawFile:
    return RawFile("a.csv", mark + text.encode())


def test_a_byte_order_mark_quotes_and_newlines_are_read() -> None:
    (record,) = csv_records("s", _file('name,note\r\nx,"a, b\nc"\r\n', b"\xef\xbb\xbf"))
    assert record.take("name") == "x"
    assert record.take("note") == "a, b\nc"
    record.done()


def test_a_short_line_leaves_fields_off() -> None:
    (record,) = csv_records("s", _file("a,b\n1\n"))
    assert record.has("a")
    assert not record.has("b")
    with pytest.raises(UpstreamChanged, match=r"'b' is missing in a\.csv record 1"):
        record.take("b")


def test_a_long_line_raises() -> None:
    with pytest.raises(UpstreamChanged, match="more cells"):
        list(csv_records("s", _file("a,b\n1,2,3\n")))


def test_a_field_named_twice_raises() -> None:
    with pytest.raises(UpstreamChanged, match="named twice"):
        list(csv_records("s", _file("a,a\n1,2\n")))


def test_blank_lines_and_an_empty_file_give_nothing() -> None:
    assert [r.take("a") for r in csv_records("s", _file("a\n1\n\n2\n"))] == ["1", "2"]
    assert list(csv_records("s", _file(""))) == []


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "x", ""])
def test_finite_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        finite(text)


def test_finite_reads() -> None:
    assert finite("1e3") == 1000.0
    assert finite(2) == 2.0
