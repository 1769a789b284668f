"""What became known later moves nothing on a page of an earlier day, whatever its kind."""

from datetime import date, timedelta

import pytest
from tests.test_as_of import planted

from headtohead.evidence.store import Store
from headtohead.publish import drawing
from headtohead.publish.page import FigureView
from headtohead.web import rendering
from headtohead.web.address import Address
from headtohead.web.kinds import kinds
from headtohead.web.rendering import Look, all_forms, rendered
from headtohead.web.site import Site

pytestmark = pytest.mark.usefixtures("kept_facts")
THEN = date(2026, 11, 1)
TODAY = date(2026, 11, 20)
LOOK = Look(days=(THEN, TODAY), png=False)
PAGES = {
    "claims": ("claims/C1",),
    "labs": ("labs/deepseek",),
    "models": ("models", "models/deepseek-v3.2"),
    "prices": ("prices", "prices/deepseek-v3.2"),
    "versus": ("versus/US/CN",),
}
"""Of kinds whose first page is not the whole story; `changes` asks for all claims."""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Site]:
    """What is known, and the same with every number halved by what became known a day later."""
    home = tmp_path_factory.mktemp("planted")
    later = planted(home, THEN + timedelta(days=1), 0.5, edition=TODAY)
    return Site(TODAY, Store(tmp_path_factory.mktemp("empty"))), Site(TODAY, later)


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart is as good as what it is drawn from, and drawing takes long."""

    def spec(view: FigureView, *_: str) -> str:
        return str(view.spec)

    monkeypatch.setattr(drawing, "drawn", spec)
    monkeypatch.setattr(rendering, "picture", lambda view, form: spec(view).encode())


@pytest.mark.parametrize("kind", kinds())
def test_rows_known_later_change_no_byte_of_an_earlier_page(
    kind: str, sites: tuple[Site, Site]
) -> None:
    sites[0].on(Address(day=THEN))
    first = next(iter(kinds()[kind].frozen(sites[0], THEN)))
    for path in PAGES.get(kind, (first,)):
        address = Address(path=path, day=THEN)
        honest, planted = (all_forms(site, address, LOOK) for site in sites)
        assert [name for name, _ in honest] == [name for name, _ in planted]
        for (name, body), (_, other) in zip(honest, planted, strict=True):
            assert body == other, name


def test_the_same_rows_do_change_a_page_once_they_are_known(sites: tuple[Site, Site]) -> None:
    address = Address(path="compute", day=THEN + timedelta(days=1), form="csv")
    honest, planted = (rendered(site, address, LOOK) for site in sites)
    assert honest.body != planted.body
