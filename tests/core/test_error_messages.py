"""Messages of errors: what was given may be as long as a file, the message is not."""

import pytest

from headtohead.core.errors import ClaimsFileError, InputError, UnknownName


def test_a_long_line_loses_its_middle_and_keeps_what_to_do() -> None:
    said = str(InputError(f"{'x' * 1_000_000} is no file. Name another `log`."))
    assert len(said) < 1200
    assert said.startswith("xxx")
    assert said.endswith("is no file. Name another `log`.")
    assert "characters left out" in said


def test_a_long_name_is_cut_and_its_hint_stands() -> None:
    said = str(UnknownName("model", "gpt-" + "5" * 1_000_000, ["gpt-5", "gpt-4"]))
    assert len(said) < 1200
    assert said.endswith("Known: gpt-4, gpt-5.")


@pytest.mark.parametrize("message", ["", "One line.", "a\nb\n", "y" * 3000])
def test_other_messages_stay_as_they_are(message: str) -> None:
    assert str(InputError(message)) == message


def test_each_line_counts_by_itself() -> None:
    lines = [f"claims.toml, line {n}: {'z' * 200}" for n in range(50)]
    assert str(ClaimsFileError(lines)) == "\n".join(lines)
