"""Length and layout of answers, and that the file of an arena keeps them for `rank`."""

from pathlib import Path

import httpx2
from tests.arena.served import TestVoter, serving, written

from headtohead import rank
from headtohead.arena.style import styles_of

ANSWER = """# Title

Some **bold** and __strong__ words, 2 * 3 * 4 and a*b.

- one
* two
  1. inner
10) ten
#no header
**

```python
# a comment, no header
- not a list
**not bold**
```
"""


def test_layout_is_counted_outside_code_only() -> None:
    assert styles_of([ANSWER]) == {"length": len(ANSWER), "header": 1, "list": 4, "bold": 2}
    assert styles_of([ANSWER, "## x"])["header"] == 2
    assert styles_of([]) == {"length": 0, "header": 0, "list": 0, "bold": 0}
    assert styles_of(["**" * 100_000])["bold"] == 0  # and at once


def test_rank_holds_the_style_of_an_arena_equal(tmp_path: Path) -> None:
    with serving(written(tmp_path, "ant", "wasp", "butterfly")) as served:
        for outcome in ("left", "right", "tie"):
            with TestVoter(served.address) as voter:
                for _ in range(9):
                    voter.vote(voter.draw(), outcome)
        row = served.arena.store.rows("SELECT * FROM counted_votes")[0]
        turn = served.arena.store.rows("SELECT * FROM turns WHERE battle = ?", row["battle"])[0]
        assert row["length_a"] == len(turn["left_answer"])
        assert row["bold_b"] == 0
        database = served.arena.settings.database
        page = voter_page(served.address)
    assert [effect.name for effect in rank(database, style=("length",)).style] == ["length"]
    assert "Ratings at equal" in page


def voter_page(address: str) -> str:
    return httpx2.get(f"{address}/board?style=1", timeout=60).text


def test_entrants_are_put_together_by_the_model_that_they_are_said_to_be(tmp_path: Path) -> None:
    toml = written(tmp_path, "old", "new", "own")
    text = toml.read_text().replace('name = "old"', 'name = "old"\nmodel = "gpt-5"')
    toml.write_text(text.replace('name = "new"', 'name = "new"\nmodel = "deepseek-v3.2"'))
    with serving(toml) as served:
        with TestVoter(served.address) as voter:
            for _ in range(9):
                voter.vote(voter.draw())
        page = httpx2.get(f"{served.address}/board?group=country", timeout=60).text
    assert "Models put together by country of the lab" in page
    assert "<bdi>US</bdi>" in page
    assert "<bdi>CN</bdi>" in page
    assert "In no group that we know: own." in page
