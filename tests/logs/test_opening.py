"""The door: what is recognised, and what it says of files that are not."""

from pathlib import Path

import pytest

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.formats import head_of
from headtohead.logs.opening import load, open_calls


def test_head_of_lines_documents_and_folders(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(b'\xef\xbb\xbf{"id": 1}\n{"id": 2}\n')
    assert head_of(lines).record == {"id": 1}
    assert head_of(lines).start.startswith(b"{")
    pretty = tmp_path / "b.json"
    pretty.write_text('{\n "id": [1,\n 2]\n}\n')
    assert head_of(pretty).record == {"id": [1, 2]}
    words = tmp_path / "c.txt"
    words.write_text("id,score\n1,1\n")
    assert head_of(words).record is None
    (tmp_path / ".hidden").write_text("x")
    assert head_of(tmp_path).names == ("a.jsonl", "b.json", "c.txt")


def test_a_large_document_has_no_record_but_a_start(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    path.write_text('{"evalId": "x",\n"pad": "' + "y" * 5_000_000 + '"}')
    head = head_of(path)
    assert head.record is None
    assert len(head.start) == 1 << 16


def test_what_is_not_there_or_not_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.json: there is no such file"):
        open_calls(tmp_path / "gone.json")
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(UnknownName, match=r"'inspekt'.*inspect"):
        open_calls(tmp_path / "a.jsonl", format="inspekt")


def test_an_unknown_layout_is_told_by_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"alpha": 1, "beta": 2}\n')
    with pytest.raises(InputError, match=r"odd\.jsonl.*Columns found: alpha, beta.*mapping=.'key'"):
        load(path)
    (tmp_path / "folder").mkdir()
    for name in ("x.txt", "y.txt"):
        (tmp_path / "folder" / name).write_text("x")
    with pytest.raises(InputError, match=r"not in a format we know.*Files in it: x\.txt, y\.txt"):
        load(tmp_path / "folder")


def test_a_foreign_zip_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")
        archive.writestr("more.txt", "hello")
    with pytest.raises(InputError, match=r"x\.zip.*zip archive of notes\.txt, more\.txt"):
        load(path)


def test_what_many_calls_say_alike_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = '{{"id": {}, "model": "m", "score": 1, "input_tokens": 9, "category": "c{}"}}\n'
    path.write_text("".join(line.format(n, n // 2) for n in range(4)))
    one, two, three, _ = load(path).calls
    assert one.labels is two.labels
    assert one.usage is three.usage
    assert (one.labels, three.labels) == ({"category": "c0"}, {"category": "c1"})
