"""Files of claims that a site is started with: pages, search and routes of their own."""

from pathlib import Path

import pytest
from tests.web.site_served import Reader
from tests.web.test_site_pages import DAY, LOOK, the_site

import headtohead
from headtohead.core.errors import ClaimsFileError, InputError, UnknownName
from headtohead.web.address import Address, Moved
from headtohead.web.pages import claims, search
from headtohead.web.rendering import rendered
from headtohead.web.serving import jobs
from headtohead.web.site import Site

TEXT = """
title = "What a newsletter said"
origin = "A newsletter of November 2026, in our own words"

[[claim]]
id = "N1"
says = "Gemini 2.5 Pro has 1400 points or more on the text board"
section = "performance"
kind = "level"
about = "2025-12-15"
sources = ["lmarena_catalog"]

[claim.as_stated]
says = "It lies at 1400 or more"
analysis = "performance.arena_level"
scope = { models = ["gemini-2.5-pro"] }
bound = { at_least = 1400, unit = "elo" }
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "My-letter.toml"
    path.write_text(TEXT)
    return path


def started(*paths: Path) -> Site:
    """A site with files of claims, which shares what the site of other tests worked out."""
    site = Site(DAY, the_site().store, paths)
    site._memories = the_site()._memories
    site.on(Address())
    site.statements.check(site.facts)
    return site


def text_of(site: Site, path: str) -> str:
    return rendered(site, Address(path=path), LOOK).body.decode()


def test_a_file_has_a_page_and_each_of_its_claims_too(mine: Path) -> None:
    site = started(mine)
    whole = text_of(site, "claims/My-letter")
    assert "What a newsletter said: 1 of 1 statement holds as stated, none is false" in whole
    assert "What a newsletter said" in whole
    assert 'href="../claims/My-letter/N1"' in whole
    assert 'href="../claims"' in whole
    one = text_of(site, "claims/My-letter/N1")
    assert "Supported: “Gemini 2.5 Pro has 1400 points" in one
    assert 'href="../../claims/My-letter"' in one
    for path, there in (
        ("claims/my-LETTER", "claims/My-letter"),
        ("claims/my-letter/n1", "claims/My-letter/N1"),
        ("claims/p1", "claims/P1"),
    ):
        with pytest.raises(Moved) as moved:
            text_of(site, path)
        assert moved.value.path == there
    with pytest.raises(UnknownName, match="claims file"):
        text_of(site, "claims/other/N1")
    assert {"claims", "claims/P1", "claims/My-letter", "claims/My-letter/N1"} <= {
        *claims.frozen(site, DAY)
    }


def test_the_search_finds_its_claims_and_the_file(mine: Path) -> None:
    site = started(mine)
    found = {path for _, _, path in search.entries(site, DAY)}
    assert {"claims/My-letter", "claims/My-letter/N1", "claims/P1"} <= found
    assert site.page_of("Gemini 2.5 Pro has 1400 points or more on the text board")
    assert 'href="../claims/My-letter/N1"' in text_of(site, "search/gemini 1400 points")


def test_programs_name_a_file_of_the_server_and_no_other(mine: Path) -> None:
    served = Reader(per_minute=1000, claims=[mine])
    evidence = served.server.evidence()
    jobs._SITES[evidence.folder, evidence.stamp] = started(mine)
    for route in (
        "check?claims=my-letter",
        "show?claim=N1&claims=My-letter",
        "claims?file=My-letter",
    ):
        got = served.get(f"/api/v1/{route}")
        assert got.status == 200, got.text
        assert [r["id"] for r in got.json["results"]] == ["N1"]
    assert served.get("/claims/My-letter").status == 200
    assert served.get(f"/api/v1/check?claims={mine}").status == 404
    assert served.get("/api/v1/check?claims=My-letter.toml").status == 404


def test_a_file_that_breaks_while_it_is_served_says_where_and_the_rest_goes_on(mine: Path) -> None:
    served = Reader(per_minute=1000, claims=[mine])
    before = served.server.evidence().stamp
    mine.write_text(TEXT.replace('kind = "level"', 'kind = "levels"'))
    served.server._look_at_s = 0.0
    evidence = served.server.evidence()
    assert evidence.stamp != before
    site = Site(DAY, the_site().store, [mine])
    site._memories = the_site()._memories
    jobs._SITES[evidence.folder, evidence.stamp] = site
    got = served.get("/claims/My-letter")
    assert got.status == 400
    assert "My-letter.toml:9" in got.text
    assert served.get("/claims").status == 200
    with pytest.raises(InputError, match=r"My-letter\.toml:9"):
        served.server.check_claims()
    mine.write_text("[[claim")
    served.server._look_at_s = 0.0
    site = Site(DAY, the_site().store, [mine])
    jobs._SITES[served.server.evidence().folder, served.server.evidence().stamp] = site
    got = served.get("/claims/My-letter")
    assert "My-letter.toml: is not valid TOML" in got.text
    assert str(mine.parent) not in got.text, "where it lies is not for readers"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("my.toml", TEXT.replace('"elo"', '"points"'), r"my\.toml:17"),
        ("my.toml", TEXT.replace('"N1"', '"a/b"'), r"my\.toml:6: 'a/b' cannot be named"),
        ("P1.toml", TEXT, "Rename the file"),
        ("my.toml", TEXT.replace('"N1"', '"a?b"'), "cannot be named in an address"),
        ("my.toml", TEXT.replace('"N1"', f'"{"é" * 100}"'), "cannot be named in an address"),
        ("my.toml", TEXT + TEXT[TEXT.index("[[") :].replace('"N1"', '"n1"'), "capital letters"),
        ("my list?.json.toml", TEXT, "cannot be named in an address"),
        ("my/my.toml", TEXT, "same name"),
    ],
)
def test_what_can_have_no_page_is_refused_at_the_start(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    for each in (path, tmp_path / "my.toml"):
        each.write_text(text)
    paths = [path, tmp_path / "my.toml"] if "/" in name else [path]
    with pytest.raises((ClaimsFileError, InputError), match=says):
        headtohead.freeze_site(tmp_path / "site", as_of=DAY, claims=paths)
