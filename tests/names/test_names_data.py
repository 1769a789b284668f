"""The name files themselves: every entry stands on its own and says where it comes from."""

import json
import re
from collections import Counter
from datetime import date
from typing import Any

import pytest

from headtohead.names import book
from headtohead.names.book import compiled_file, lists, load_book
from headtohead.names.names import Names

NAMES = Names.load()
BOOK = load_book()


def test_every_model_is_found_by_its_own_id_and_name() -> None:
    for model in NAMES.models().values():
        by_id = NAMES.resolve(model.model)
        assert (by_id.status, by_id.model) == ("matched", model.model)
        assert by_id.lab == model.lab
        assert (by_id.mode, by_id.channel) == ("", "")
        assert NAMES.resolve(model.name).model == model.model


def test_models_are_complete() -> None:
    labs = NAMES.labs()
    assert len(NAMES.models()) > 800
    for model in NAMES.models().values():
        assert model.model.startswith(f"{model.lab}/")
        assert model.lab in labs
        assert model.name
        assert model.family
        if model.open_weights is False:
            assert model.licence in ("proprietary", ""), model.model
        if model.licence == "proprietary":
            assert model.open_weights is False, model.model
        if model.released_on:
            assert date(2022, 1, 1) < model.released_on <= date(2026, 10, 31)


def test_every_lab_and_operator_has_a_country_and_a_page() -> None:
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in NAMES.countries())
    for lab in NAMES.labs().values():
        assert lab.country in NAMES.countries(), lab.id
        assert lab.source_url.startswith("https://"), lab.id
        assert NAMES.lab_of(lab.name) == lab
        assert all(NAMES.lab_of(text) == lab for text in lab.spellings)
    for operator in NAMES.operators().values():
        assert operator.country in NAMES.countries(), operator.id
        assert operator.source_url.startswith("https://"), operator.id
        assert NAMES.operator(operator.id) == operator
        assert all(NAMES.operator(text) == operator for text in operator.spellings)


def test_labs_and_operators_of_one_company_sit_in_one_country() -> None:
    for operator in NAMES.operators().values():
        lab = NAMES.lab_of(operator.id)
        if lab:
            assert lab.country == operator.country, operator.id


def test_moving_names_have_ordered_spans_and_a_source() -> None:
    moving = {a.name: a for e in BOOK.index.values() for a in e.aliases if a.moving}
    assert len(moving) > 30
    for alias in moving.values():
        assert alias.source.startswith("https://"), alias.name
        assert alias.spans or alias.candidates, alias.name
        days = [span.first for span in alias.spans]
        assert days == sorted(set(days)), alias.name
        for span in alias.spans:
            model = BOOK.models[span.model]
            # A name can point at a model only once there is one; announcements lag a few days.
            if model.released_on:
                assert (model.released_on - span.first).days <= 8, (alias.name, span)


def test_nothing_moves_onto_itself() -> None:
    for entry in BOOK.index.values():
        for alias in entry.aliases:
            pairs = zip(alias.spans, alias.spans[1:], strict=False)
            assert all((a.model, a.mode) != (b.model, b.mode) for a, b in pairs), alias.name


def test_every_family_exception_is_needed() -> None:
    kept = [keep.pattern for keep in BOOK.rules.keeps]
    for pattern in kept:
        assert any(pattern.match(key) for key in BOOK.index), pattern.pattern


def test_a_name_is_worked_out_once_and_then_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    work_out, worked_out = Names._read_uncached, Counter[str]()

    def counted(self: Names, name: str, seller: str | None) -> Any:
        worked_out[name] += 1
        return work_out(self, name, seller)

    monkeypatch.setattr(Names, "_read_uncached", counted)
    fresh = Names(BOOK)
    names = {f"{m.name} ({effort})" for m in BOOK.models.values() for effort in ("High", "FC")}
    for _ in range(2):
        for name in names:
            fresh.resolve(name)
    assert worked_out == Counter(names)


def test_the_lists_that_ship_as_json_are_those_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = compiled_file()
    assert kept.is_file(), f"{kept.name} is missing: run `make names`"
    assert json.loads(kept.read_bytes()) == json.loads(json.dumps(lists(), default=str))
    monkeypatch.setattr(book, "lists_digest", lambda: "other")
    afresh = load_book()
    assert (afresh.models, afresh.index) == (BOOK.models, BOOK.index)
