"""The command that makes a ranking again: every choice that is not the default, for the shell."""

import re
import shlex
from collections.abc import Iterator, Mapping

from headtohead.publish.escaping import plain
from headtohead.ratings.result import RankResult
from headtohead.ratings.settings import RankSettings

_LONGEST = 2000
_IN_MEMORY = "the votes given"
# Words of `asked` that are an option with one value.
_ONE = {
    "by": "--by",
    "window": "--window",
    "languages": "--language",
    "since": "--since",
    "until": "--until",
    "dedup": "--dedup",
    "on_bad": "--on-bad",
    "both_bad": "--both-bad",
    "engine": "--engine",
    "format": "--format",
}
_SETTINGS = {
    "ties": "--ties",
    "cluster": "--cluster",
    "level": "--level",
    "prior": "--prior",
    "intervals": "--intervals",
    "rounds": "--rounds",
    "min_votes": "--min-votes",
    "seed": "--seed",
}
_LISTS = ("by", "languages")
# Pairs are told as "k=v, k=v"; a comma inside a value is followed by no "k=".
_NEXT_PAIR = re.compile(r", (?=[^=,]+=)")


def command(result: RankResult, *more: str) -> list[str]:
    """The command in pieces: the program and its file, then each option with its value.

    VOTES stands for the file, and JUDGE for votes of a judge that were no file.

    Args:
        result: The ranking.
        more: Further options.
    """
    return ["h2h rank VOTES", *_options(result), *more]


def command_lines(result: RankResult, width: int) -> Iterator[str]:
    """The command in lines that a shell reads as one; only an option longer than that overflows.

    Args:
        result: The ranking.
        width: In characters.
    """
    more = ("--trust",) if result.asked.get("trust") or result.trust else ()
    line = "Again: "
    for n, piece in enumerate(command(result, *more)):
        if n and len(line) + len(piece) + 3 > width:
            yield f"{line} \\"
            line = f"  {piece}"
        else:
            line += f" {piece}" if n else piece
    yield line


def _options(result: RankResult) -> Iterator[str]:
    asked, s = result.asked, result.settings
    yield from _settings(s)
    if s.style:
        yield _option("--style", ",".join(s.style))
    if s.anchor:
        yield _option("--anchor", f"{s.anchor}={_number(s.anchor_elo)}")
    for word, option in _ONE.items():
        if word in asked:
            value = asked[word]
            yield _option(option, value.replace(", ", ",") if word in _LISTS else value)
    yield from _day(result)
    for word, option in (("columns", "--map"), ("where", "--where")):
        yield from (_option(option, pair) for pair in _pairs(asked, word))
    if "anonymous_only" in asked:
        yield "--named-too"
    group = asked.get("group") or (result.groups.by if result.groups else "")
    if group:
        yield _option("--group", group)
    if result.judge or "judge" in asked:
        judge = asked.get("judge", _IN_MEMORY)
        yield _option("--judge", "JUDGE" if judge == _IN_MEMORY else judge)


def _settings(settings: RankSettings) -> Iterator[str]:
    default = RankSettings()
    for name, option in _SETTINGS.items():
        value = getattr(settings, name)
        if value != getattr(default, name):
            yield _option(option, _number(value) if isinstance(value, float) else str(value))


def _day(result: RankResult) -> Iterator[str]:
    """The day of knowledge. It is given only with votes that have days, and then bounds them."""
    if result.as_of and "until" in result.asked:
        yield _option("--as-of", str(result.as_of))


def _pairs(asked: Mapping[str, str], word: str) -> list[str]:
    return _NEXT_PAIR.split(asked[word]) if asked.get(word) else []


def _number(value: float) -> str:
    """The shortest text that means the same number."""
    return str(int(value)) if value.is_integer() else repr(value)


def _option(name: str, value: str) -> str:
    said = shlex.quote(plain(value, _LONGEST))
    # A value that begins with a dash would be read as an option.
    return f"{name}={said}" if value.startswith("-") else f"{name} {said}"
