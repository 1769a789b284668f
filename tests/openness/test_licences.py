"""Licences: from a printed name to SPDX, to clauses, to what an expression allows."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headtohead.core.errors import InputError
from headtohead.names.names import Names
from headtohead.openness.licences import (
    COMMERCIAL,
    licences,
    narrower,
    same,
    spdx_of,
    terms,
)
from headtohead.openness.record import bases

LISTED = st.sampled_from(sorted(licences()))
ORDER = list(COMMERCIAL)


@pytest.mark.parametrize(
    ("printed", "spdx"),
    [
        ("Apache license 2.0", "Apache-2.0"),
        ("apache-2.0", "Apache-2.0"),
        ("MIT license", "MIT"),
        ("Llama 3.1 Community", "LicenseRef-Llama-3.1-Community"),
        (" Falcon-180B TII License", "LicenseRef-Falcon-LLM"),
        ("Propretary", "LicenseRef-Proprietary"),
        ("MRL", "LicenseRef-MRL-0.1"),
        ("GPL-3.0-only", "GPL-3.0-only"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("AI Sweden's LLM AI Model License", "LicenseRef-AI-Sweden-s-LLM-AI-Model-License"),
        ("", ""),
    ],
)
def test_a_printed_name_becomes_spdx(printed: str, spdx: str) -> None:
    assert spdx_of(printed) == spdx


def test_every_licence_of_our_list_of_models_has_clauses() -> None:
    listed = {m.licence for m in Names.load().models().values()} - {"", "proprietary"}
    assert listed <= set(licences())
    assert {base.licence for base in bases().values()} <= set(licences())
    assert set(bases()) <= set(Names.load().models())


@pytest.mark.parametrize("spdx", sorted(licences()))
def test_a_licence_says_what_it_asks_where_it_is_not_free(spdx: str) -> None:
    one = licences()[spdx]
    assert one.commercial in COMMERCIAL
    assert one.url.startswith("https://")
    assert bool(one.condition) == (one.commercial in ("conditions", "permission"))
    assert not one.wider or one.wider in licences()
    assert all(text.endswith(".") for text in one.clauses)
    assert spdx_of(one.name) == spdx
    assert not (one.osi and (one.uses or one.commercial != "yes"))


@given(LISTED, LISTED)
def test_both_licences_are_never_freer_and_a_choice_never_stricter(a: str, b: str) -> None:
    one, two = (ORDER.index(licences()[x].commercial) for x in (a, b))
    both, either = terms(f"{a} AND {b}").commercial, terms(f"{a} OR {b}").commercial
    assert both is not None
    assert either is not None
    assert ORDER.index(both) == max(one, two)
    assert ORDER.index(either) == min(one, two)


@pytest.mark.parametrize(
    ("expression", "commercial", "is_open"),
    [
        ("MIT AND LicenseRef-Own", None, None),
        ("MIT OR LicenseRef-Own", "yes", True),
        ("CC-BY-NC-4.0 AND LicenseRef-Own", "no", False),
        ("CC-BY-NC-4.0 OR LicenseRef-Own", None, None),
        ("MIT AND (Apache-2.0 OR LicenseRef-Gemma)", "yes", True),
        ("LicenseRef-Llama-4-Community", "conditions", False),
        ("GPL-3.0-only WITH Classpath-exception-2.0", None, None),
    ],
)
def test_what_nobody_knows_of_a_part_stays_unknown_unless_the_rest_decides(
    expression: str, commercial: str | None, is_open: bool | None
) -> None:
    allowed = terms(expression)
    assert (allowed.commercial, allowed.open) == (commercial, is_open)


@pytest.mark.parametrize("nothing", ["", "  ", ";", "."])
def test_no_licence_is_an_error_that_says_how_to_write_one(nothing: str) -> None:
    with pytest.raises(InputError, match="Write it as Apache-2"):
        terms(nothing)


def test_a_version_is_the_same_licence_as_its_wider_name_and_not_as_another_version() -> None:
    assert same("LicenseRef-Llama-3.1-Community", "LicenseRef-Llama-Community")
    assert narrower("LicenseRef-Llama-3.1-Community", "LicenseRef-Llama-3-Community")
    assert not same("LicenseRef-Llama-4-Community", "LicenseRef-Llama-3.1-Community")
    for a, b in product(licences(), repeat=2):
        assert same(a, b) == same(b, a)
        assert not (narrower(a, b) and narrower(b, a))
