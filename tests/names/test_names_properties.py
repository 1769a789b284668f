"""What holds for every text, known or not."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from headtohead.names.names import Names
from headtohead.names.reading import key

NAMES = Names.load()
KNOWN = sorted(m.name for m in NAMES.models().values())
SUFFIXES = ("-thinking", "-no-thinking", "-high", "-low", " (High)", " (Thinking 32K)", " (FC)")

texts = st.text(max_size=60)
known = st.sampled_from(KNOWN)
days = st.none() | st.dates(date(2022, 1, 1), date(2027, 1, 1))
sellers = st.none() | st.sampled_from(("deepseek", "openrouter", "azure", "nobody-known"))


@given(name=texts | known, day=days, seller=sellers)
def test_never_raises_and_never_half_answers(
    name: str, day: date | None, seller: str | None
) -> None:
    got = NAMES.resolve(name, on=day, provider=seller)
    assert got.name == name
    assert (got.status == "matched") == (got.model is not None)
    assert got.steps
    assert all(step.endswith((".", ". ")) for step in got.steps)
    if got.model is not None:
        model = NAMES.model(got.model)
        assert model is not None
        assert got.lab == model.lab


@given(name=known | st.from_regex(r"[a-z0-9./ ()-]{0,40}", fullmatch=True))
def test_case_does_not_matter(name: str) -> None:
    results = [NAMES.resolve(n) for n in (name, name.lower(), name.upper(), name.title())]
    assert len({(r.status, r.model, r.lab, r.mode, r.channel, r.rule) for r in results}) == 1


@given(name=known, mark=st.sampled_from(("-", "_", " ", "  ")))
def test_the_mark_between_words_does_not_matter(name: str, mark: str) -> None:
    if "(" not in name:
        again = NAMES.resolve(name.replace(" ", mark).replace("-", mark))
        assert again.model == NAMES.resolve(name).model


@given(name=known, suffix=st.sampled_from(SUFFIXES))
def test_a_mode_never_changes_the_lab(name: str, suffix: str) -> None:
    plain, run = NAMES.resolve(name), NAMES.resolve(name + suffix)
    if run.status == "matched":
        assert run.lab == plain.lab


@given(head=st.text(st.characters(categories=("Ll", "Lo")), min_size=1, max_size=8), name=known)
def test_a_word_too_many_is_never_matched(head: str, name: str) -> None:
    got = NAMES.resolve(f"{head}qx {name}")
    assert got.status == "unmatched"
    assert got.model is None


@given(name=known, tail=st.integers(100_000, 999_999))
def test_an_unknown_edition_is_never_matched(name: str, tail: int) -> None:
    assert NAMES.resolve(f"{name}-{tail}").model is None


@given(text=texts)
def test_keys_are_stable(text: str) -> None:
    assert key(key(text)) == key(text)
