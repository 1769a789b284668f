"""Blind votes in a real browser: what is hidden, what survives, and how files are read back."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import OnePage, needs_browser

from headtohead.core.errors import InputError
from headtohead.trials.scoring.ballot import key_file_of, read_votes, write_ballot
from headtohead.trials.scoring.scored import Duel

EVIL = "</script><script>window.pwned=1</script><img src=x onerror='pwned=1'> \u202e\u2028 {{7}}"
KEYS = [f"gpt-5/secret-key-{n}" for n in range(6)]


def duels(n: int = 6) -> list[Duel]:
    return [
        Duel(
            KEYS[i],
            [{"role": "user", "content": f"question {i}"}],
            f"{EVIL} alpha {i}",
            f"  indented\n\tbeta {i}",
            labels={"model": "gpt-5"},
        )
        for i in range(n)
    ]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "ballot.html"
    assert write_ballot(duels(), path, np.random.default_rng(5)) == tmp_path / "ballot.key.json"
    return path


# ---------------------------------------------------------------- what is hidden


def test_the_file_holds_no_model_no_key_and_no_side(made: Path) -> None:
    text = made.read_text(encoding="utf-8")
    assert "gpt-5" not in text
    assert "secret-key" not in text
    salt = json.loads(key_file_of(made).read_text(encoding="utf-8"))["salt"]
    assert salt not in text
    assert not re.search(r"https?://", text)
    assert key_file_of(made).stat().st_mode & 0o077 == 0


def test_sides_and_codes_follow_from_the_salt_alone(tmp_path: Path) -> None:
    many = [Duel(str(i), [], "alpha", "beta") for i in range(400)]
    entries: list[list[list[str]]] = []
    for seed in (1, 1, 2):
        path = tmp_path / f"b{len(entries)}.html"
        key = write_ballot(many, path, np.random.default_rng(seed))
        entries.append(json.loads(key.read_text(encoding="utf-8"))["items"])
    assert entries[0] == entries[1]
    sides = [[entry[2] == "A" for entry in one] for one in entries]
    for one in sides:
        assert 160 < sum(one) < 240
        # No run or rhythm tells the next side from the last.
        assert 160 < sum(a == b for a, b in itertools.pairwise(one)) < 240
    assert 160 < sum(a == b for a, b in zip(sides[0], sides[2], strict=True)) < 240
    assert {entry[0] for entry in entries[0]}.isdisjoint({entry[0] for entry in entries[2]})


def test_a_ballot_is_never_overwritten(made: Path) -> None:
    with pytest.raises(InputError, match="people may be voting"):
        write_ballot(duels(), made, np.random.default_rng(6))
    with pytest.raises(InputError, match="2 items with 1 keys"):
        write_ballot([duels()[0]] * 2, made.with_name("x.html"), np.random.default_rng(6))
    with pytest.raises(InputError, match="0 items"):
        write_ballot([], made.with_name("x.html"), np.random.default_rng(6))


# ---------------------------------------------------------------- in a browser


def saved(page: Any, folder: Path, name: str) -> Path:
    with page.expect_download() as caught:
        page.locator("#save").click()
    assert re.fullmatch(r"votes-[0-9a-f]{8}-[0-9a-f]{6}\.json", caught.value.suggested_filename)
    caught.value.save_as(folder / name)
    return folder / name


def sides(made: Path) -> dict[str, str]:
    key = json.loads(key_file_of(made).read_text(encoding="utf-8"))
    return {item: first for _, item, first in key["items"]}


@needs_browser
def test_answers_are_plain_text_and_run_nothing(quiet_page: OnePage, made: Path) -> None:
    page = quiet_page.open(made.as_uri())
    assert page.locator("#request").text_content() == "user:\nquestion 0"
    a, b = ("#first", "#second") if sides(made)[KEYS[0]] == "A" else ("#second", "#first")
    assert page.locator(a).text_content() == f"{EVIL} alpha 0"
    assert page.locator(b).text_content() == "  indented\n\tbeta 0"
    assert page.evaluate("window.pwned") is None
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@needs_browser
def test_keys_vote_a_reload_loses_nothing_and_the_file_comes_back(
    quiet_page: OnePage,
    made: Path,
    tmp_path: Path,
) -> None:
    page = quiet_page.open(made.as_uri())
    assert page.locator("#save").is_disabled()
    page.wait_for_timeout(60)
    for key in "12":
        page.keyboard.press(key)
    page.reload()
    assert page.locator("#where").text_content() == "Item 3 of 6"
    assert page.locator("#count").text_content() == "2 of 6 voted"
    page.keyboard.press("ArrowLeft")
    assert page.locator("[aria-pressed=true]").get_attribute("data-vote") == "second"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("3")
    page.locator("#name").fill("Anna  12")
    page.locator("#name").press("4")
    page.locator("#main").focus()
    page.keyboard.press("4")
    assert page.locator("#count").text_content() == "4 of 6 voted"
    early = saved(page, tmp_path, "early.json")
    page.locator("[data-vote=first]").click()
    page.keyboard.press("2")
    assert page.locator("#count").text_content() == "All 6 voted: save your votes"
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("3")
    late = saved(page, tmp_path, "late.json")

    first = sides(made)
    sign = {KEYS[i]: 1.0 if first[KEYS[i]] == "B" else -1.0 for i in range(6)}
    found = read_votes([late, early], key_file_of(made))
    assert [v.key for v in found.votes] == KEYS
    assert {v.voter for v in found.votes} == {"Anna 124"}
    wanted = [0.0, -sign[KEYS[1]], 0.0, 0.0, sign[KEYS[4]], -sign[KEYS[5]]]
    assert [v.preference for v in found.votes] == wanted
    assert [v.both_bad for v in found.votes] == [False, False, False, True, False, False]
    assert all(v.seconds >= 0 for v in found.votes)
    assert found.votes[0].seconds >= 0.06
    assert (found.items_n, found.repeated_n, found.changed_n) == (6, 3, 1)

    other = quiet_page.open(made.as_uri())  # by someone who was never there
    assert other.locator("#count").text_content() == "0 of 6 voted"
    other.keyboard.press("1")
    second = saved(other, tmp_path, "second.json")
    both = read_votes([early, second], key_file_of(made)).votes
    assert len(both) == 5
    assert both[0].key == both[1].key == KEYS[0]
    assert both[0].preference == both[1].preference == sign[KEYS[0]]
    assert both[0].voter != both[1].voter


@needs_browser
def test_it_is_usable_in_dark_and_on_a_phone(quiet_page: OnePage, made: Path) -> None:
    page = quiet_page.open(made.as_uri(), color_scheme="dark", viewport=(360, 740))
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(18, 23, 30)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.locator("[data-vote=tie]").click()
    assert page.locator("#where").text_content() == "Item 2 of 6"


# ---------------------------------------------------------------- files that are wrong


def votes_file(made: Path, **changes: Any) -> Path:
    """A file as the page writes it, by a second hand."""
    key = json.loads(key_file_of(made).read_text(encoding="utf-8"))
    file: dict[str, Any] = {
        "format": "h2h-votes-1",
        "ballot": key["ballot"],
        "voter": "00ff00ff00ff00ff",
        "name": "Zoë \U0001f600",
        "saved": "2026-01-02T03:04:05.678Z",
        "votes": [[key["items"][0][0], "first", 1500]],
    } | {k: v for k, v in changes.items() if k != "check"}
    rows = [" ".join(map(str, vote)) for vote in file["votes"]]
    text = "\n".join([file["ballot"], file["voter"], file["name"], file["saved"], *rows])
    total = 2166136261
    for byte in text.encode():
        total = ((total ^ byte) * 16777619) % 2**32
    file["check"] = changes.get("check", f"{total:08x}")
    path = made.with_name(f"votes{len(list(made.parent.iterdir()))}.json")
    path.write_text(json.dumps(file), encoding="utf-8")
    return path


def test_a_file_as_the_page_writes_it_is_read(made: Path) -> None:
    (vote,) = read_votes([votes_file(made)], key_file_of(made)).votes
    assert (vote.key, vote.voter, vote.seconds) == (KEYS[0], "Zoë \U0001f600", 1.5)


def test_two_people_of_one_name_stay_two(made: Path) -> None:
    files = [votes_file(made, voter=voter) for voter in ("a" * 16, "b" * 16)]
    found = read_votes(files, key_file_of(made)).votes
    assert len({v.voter for v in found}) == 2
    assert read_votes([files[0], files[0]], key_file_of(made)).repeated_n == 1


def test_foreign_and_changed_files_are_refused(made: Path, tmp_path: Path) -> None:
    key = key_file_of(made)
    code = json.loads(key.read_text(encoding="utf-8"))["items"][0][0]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"ballot": "0" * 16}, "another ballot"),
        ({"format": "x"}, "no file of votes"),
        ({"check": "00000000"}, "was changed after"),
        ({"votes": [["f" * 16, "first", 1]]}, "no ballot writes"),
        ({"votes": [[code, "left", 1]]}, "no ballot writes"),
        ({"votes": [[code, "first", -1]]}, "no ballot writes"),
        ({"votes": [[code, "first", True]]}, "no ballot writes"),
        ({"votes": [[code, "first", 1], [code, "second", 1]]}, "was changed after"),
    ]
    for changes, match in wrong:
        with pytest.raises(InputError, match=match):
            read_votes([votes_file(made, **changes)], key)
    with pytest.raises(InputError, match="cannot be read"):
        read_votes([tmp_path / "none.json"], key)
    with pytest.raises(InputError, match="is no key"):
        read_votes([], votes_file(made))
    for text in ("{", "[]", "[" * 3000):
        bad = tmp_path / "bad.json"
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="is no file of votes"):
            read_votes([bad], key)


def test_a_changed_key_is_refused(made: Path) -> None:
    key = key_file_of(made)
    kept = key.read_text(encoding="utf-8")
    whole = json.loads(kept)
    turned = {"A": "B", "B": "A"}
    for change in ("side", "swap", "gone"):
        items = [list(entry) for entry in whole["items"]]
        if change == "side":
            items[0][2] = turned[items[0][2]]
        elif change == "swap":
            items[0][1], items[1][1] = items[1][1], items[0][1]
        else:
            items.pop()
        key.write_text(json.dumps(whole | {"items": items}), encoding="utf-8")
        with pytest.raises(InputError, match="was changed since"):
            read_votes([], key)
    key.write_text(kept, encoding="utf-8")
    assert read_votes([], key).items_n == 6
