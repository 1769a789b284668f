"""`arena.toml`: who competes, on which prompts, who may vote, and what the stop meter asks.

Every mistake is reported with file, line, field and fix.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, get_args

from headtohead.arena.prompts import Prompt, prompts_in
from headtohead.arena.store.store import ArenaStore, Door
from headtohead.core.dates import day
from headtohead.core.errors import DamagedStore, InputError, UnknownName
from headtohead.core.settings import Choices, option
from headtohead.files.opening import content, kind_of
from headtohead.files.toml import TomlFile
from headtohead.trials.replay.settings import EndpointPace
from headtohead.trials.words import at_least

Ties = Literal["half", "drop"]
_TOP = (
    *("title", "database", "margin_pp", "level", "both_bad", "prompts", "free", "categories"),
    *("compare", "entrants", "sides", "voters", "judge", "limits"),
)
_OF_ANSWERS = ("format", "map", "only")
_OF_ENDPOINTS = ("key_env", "system", "max_tokens", "temperature", "prices")
_PRICES = ("input", "output", "cache_read", "cache_write")
_LIMITS = ("first_s", "silence_s", "total_s", "characters", "at_once")
_ENTRANT = ("name", "model", "answers", *_OF_ANSWERS, "endpoint", *_OF_ENDPOINTS)
_PROMPT = ("id", "text", "category")
_SIDE = ("name", "entrants")
_VOTERS = ("door", "header", "proxies")
_JUDGE = ("endpoint", "model", "key_env", "prices")
LONGEST_NAME, _LONGEST_TEXT = 100, 100_000
_LIKE_A_KEY = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{20}")
_MOST_PAIRS = 6  # of entrants, of which none was named to be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """One that competes: an endpoint that is asked, or a file of recorded answers.

    Attributes:
        model: The endpoint's word for the model; for a file, what is known of the model by.
        answers: The file; None for an endpoint.
        format: Of the file, or "auto".
        map: Field of an answer -> column or dotted path in the file.
        only: The model or run in the file whose answers these are, or "model, run"; empty if it
            holds one.
        endpoint: Address up to, without, "/chat/completions"; empty for a file.
        key_env: The environment variable with the key; empty if none is needed.
        system: What the model is told before each conversation.
        max_tokens: Of one answer at most.
        prices: "input", "output", "cache_read" and "cache_write" -> US dollars per million tokens;
            empty if they are not known, and then no answer has a cost.
    """

    name: str
    model: str = ""
    answers: Path | None = None
    format: str = "auto"
    map: Mapping[str, str] = field(default_factory=dict)
    only: str = ""
    endpoint: str = ""
    key_env: str = ""
    system: str = ""
    max_tokens: int = 1024
    temperature: float | None = None
    prices: Mapping[str, float] = field(default_factory=dict)

    @property
    def kind(self) -> Literal["endpoint", "recorded"]:
        """What it is."""
        return "endpoint" if self.endpoint else "recorded"


@dataclass(frozen=True, slots=True)
class ArenaSide:
    """Entrants that the stop meter takes together, by their names."""

    name: str
    entrants: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoterRules:
    """Who may vote.

    Attributes:
        door: "open" for whoever reaches the page, "link" for those who were given a link, "header"
            for those whom a single sign-on proxy names.
        header: The header that names them.
        proxies: Addresses of proxies whose header is believed.
    """

    door: Door = "open"
    header: str = "X-Forwarded-User"
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeModel:
    """The model that votes beside people; its prices as those of an entrant."""

    endpoint: str
    model: str
    key_env: str = ""
    prices: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaSettings:
    """What an arena is.

    Attributes:
        database: The file of its votes.
        margin_pp: How many percentage points of the wins one side may be behind and still be no
            worse.
        level: Of intervals and verdicts, in (0, 1).
        both_bad: What "both bad" counts as: "half" a win for each, as a tie, or not at all.
        prompts: Those of the toml or of its file of prompts; empty where they come from the
            recorded answers.
        free: Whether voters may write prompts of their own.
        categories: In the order of the page; empty for those of the prompts.
        compare: Pairs of sides or entrants: can the second stand in for the first?
        limits: Where they are not the usual ones, of an answer that is asked for live: seconds to
            its first byte ("first_s"), of silence ("silence_s") and to its end ("total_s"), and
            its "characters"; and how many are asked of one endpoint "at_once".
    """

    title: str
    database: Path
    entrants: tuple[Entrant, ...]
    margin_pp: float = 5.0
    level: float = 0.95
    both_bad: Ties = "half"
    prompts: tuple[Prompt, ...] = ()
    free: bool = False
    categories: tuple[str, ...] = ()
    sides: tuple[ArenaSide, ...] = ()
    compare: tuple[tuple[str, str], ...] = ()
    voters: VoterRules = field(default_factory=VoterRules)
    judge: JudgeModel | None = None
    limits: Mapping[str, float] = field(default_factory=dict)

    @property
    def compared(self) -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]:
        """What the stop meter is about: those named, else all sides or entrants if they are few.

        Returns:
            Names of two sides -> the entrants of each.
        """
        sides = {side.name: side.entrants for side in self.sides}
        names = list(sides) or [one.name for one in self.entrants]
        pairs = self.compare or tuple(combinations(names, 2))
        if not self.compare and len(pairs) > _MOST_PAIRS:
            return {}
        return {(a, b): (sides.get(a, (a,)), sides.get(b, (b,))) for a, b in pairs}

    def entrant(self, name: str) -> Entrant:
        """The entrant of a name.

        Raises:
            UnknownName: If there is none.
        """
        for one in self.entrants:
            if one.name == name:
                return one
        raise UnknownName("entrant", name, [one.name for one in self.entrants])


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardAsk(Choices):
    """Which votes a board is of."""

    category: str = option("", metavar="NAME", help="Count votes on prompts of this category.")
    voter: str = option(
        "",
        metavar="VOTER",
        help="Count the votes of this voter: a name, or as in exports and on the page of whoever "
        "runs the arena: 'voter 3'.",
    )
    until: date | None = option(
        None,
        read=lambda given: day(given, "until"),
        metavar="DAY",
        help="Count votes of this day (UTC) and earlier.",
    )
    style: bool = option(False, help="Rate at equal length and layout of the answers.")
    trusted: bool = option(
        False, help="Leave out voters whose votes look rigged, one-sided or hasty; they are named."
    )
    group: str = option(
        "", metavar="COLUMN", help="Also put models together: country, open, lab or family."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstArena(Choices):
    """What a first arena.toml says."""

    title: str = option("Our arena", metavar="TEXT", help="What voters read above.")
    entrants: tuple[str, ...] = option(
        (),
        flag="--entrant",
        many=True,
        metavar="NAME=FILE",
        help="Who competes: NAME=FILE of answers, or NAME='http://host/v1 MODEL KEY_VARIABLE'.",
    )
    logs: tuple[Path, ...] = option(
        (),
        flag="--from",
        many=True,
        metavar="LOG",
        help="Each model in this log competes with the answers that it gave there.",
    )
    format: str = option(
        "auto", metavar="FORMAT", help="Of files of answers, if it cannot be told from them."
    )
    mapping: Mapping[str, str] = option(
        factory=dict,
        flag="--map",
        metavar="FIELD=COLUMN",
        help="Where in files of answers a field is: key, output, model, ...",
    )
    prompts: Path | None = option(
        None, metavar="FILE", help="What was asked, if the files of answers do not say it."
    )
    margin_pp: float = option(
        5.0,
        flag="--margin",
        metavar="PP",
        help="How far behind still counts as no worse, in percentage points of the wins.",
    )
    door: Door = option(
        "open",
        help="Who may vote: everyone (open), those with a link, or those whom a single sign-on "
        "names (header).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePace(EndpointPace):
    """How fast a judge is asked, and what it may cost.

    Raises:
        InputError: If a choice lies outside its range.
    """

    max_usd: float | None = option(
        None, metavar="USD", help="Stop before all verdicts cost more, those of earlier runs too."
    )
    concurrency: int = option(8, metavar="N", help="Requests to the judge under way at once.")
    cap_tokens: int = option(1024, metavar="N", help="Most tokens of a verdict with its reason.")
    params: Mapping[str, Any] = option(
        factory=dict,
        flag="--param",
        metavar="NAME=VALUE",
        help="Sent with each request; response_format=null for a judge that knows no JSON schema.",
    )

    def __post_init__(self) -> None:
        EndpointPace.__post_init__(self)
        at_least(self, concurrency=1, cap_tokens=1)


def kept(settings: ArenaSettings) -> dict[str, str]:
    """What the file of an arena keeps of its settings, so that it can be read alone."""
    return {
        "title": settings.title,
        "margin_pp": str(settings.margin_pp),
        "level": str(settings.level),
        "both_bad": settings.both_bad,
        "categories": json.dumps(settings.categories),
        "sides": json.dumps({side.name: side.entrants for side in settings.sides}),
        "compare": json.dumps(settings.compare),
    }


def kept_settings(store: ArenaStore) -> ArenaSettings:
    """What the file of an arena says of it: all that its board needs.

    Raises:
        DamagedStore: If something of that is missing or cannot be read.
    """
    said = store.kept()
    rows = store.entrants()
    try:
        sides = json.loads(said["sides"]).items()
        return ArenaSettings(
            title=said["title"],
            database=store.path,
            entrants=tuple(Entrant(name=row["name"], model=row["model"]) for row in rows),
            margin_pp=float(said["margin_pp"]),
            level=float(said["level"]),
            both_bad="drop" if said["both_bad"] == "drop" else "half",
            categories=tuple(json.loads(said["categories"])),
            sides=tuple(ArenaSide(name, tuple(entrants)) for name, entrants in sides),
            compare=tuple((one, other) for one, other in json.loads(said["compare"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DamagedStore(
            f"{store.path}: what it says of its own margin, sides and title is incomplete. Give "
            "its arena.toml instead, or serve that once: it is written anew then."
        ) from None


def settings_in(path: Path) -> ArenaSettings:
    """The arena that a toml describes; names of files in it are read from its folder.

    Raises:
        InputError: With a line for each mistake found.
    """
    if str(path) != "-" and not path.exists():
        raise InputError(f"{path}: there is no such file. `h2h arena init` writes a first one.")
    if path.is_file() and kind_of(content(path, 1 << 10)) == "sqlite":
        raise InputError(f"{path} holds votes. Give the toml that describes the arena.")
    reader = _ArenaReader(path)
    settings = reader.settings()
    reader.file.refuse()
    return settings


class _ArenaReader:
    """Reads one arena.toml."""

    def __init__(self, path: Path) -> None:
        self.file = TomlFile(path, "an arena")
        self.folder = path.parent

    def settings(self) -> ArenaSettings:
        data = self.file.data
        self.file.known(data, _TOP, "", 0)
        entrants = tuple(self._each("entrants", _ENTRANT, self._entrant))
        if len(entrants) < 2 and "entrants" not in data:
            self.file.wrong(1, "there is no entrant. Write at least two [[entrants]].")
        elif len(entrants) < 2:
            self.file.wrong(self.file.line("entrants", 0), "one entrant has nobody to meet.")
        self._once("entrants", "name")
        names = [one.name for one in entrants]
        sides = tuple(self._each("sides", _SIDE, lambda t, n: self._side(t, n, names)))
        prompts = self._prompts()
        free = self._top("free", _switch) or False
        line = self.file.line("", 0, "free")
        if free and any(one.kind == "recorded" for one in entrants):
            why = "voters may write prompts only where every entrant is an endpoint."
            self.file.wrong(line, f"`free`: {why}")
        if not free and not prompts and all(one.kind == "endpoint" for one in entrants):
            self.file.wrong(1, "there is no prompt. Write [[prompts]], or `free = true`.")
        return ArenaSettings(
            title=self._top("title", _text) or "Arena",
            database=self.folder
            / (self._top("database", _text) or f"{self.file.path.stem}.sqlite"),
            entrants=entrants,
            margin_pp=self._top("margin_pp", _between(0.1, 50)) or 5.0,
            level=self._top("level", _between(0.5, 0.999)) or 0.95,
            both_bad=self._top("both_bad", _one_of(Ties)) or "half",
            prompts=prompts,
            free=free,
            categories=self._categories(prompts),
            sides=sides,
            compare=self._compare([*names, *(side.name for side in sides)]),
            voters=self._voters(),
            judge=self._judge(),
            limits=self._limits(),
        )

    def _top(self, name: str, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        return self.file.value(self.file.data, name, read, "", 0)

    def _each(
        self,
        table: str,
        fields: tuple[str, ...],
        read: Callable[[Mapping[str, Any], int], Any],
    ) -> Iterable[Any]:
        """What each [[table]] of a name says."""
        given = self.file.data.get(table, [])
        if not isinstance(given, list):
            self.file.wrong(self.file.line(table, 0), f"write [[{table}]], once for each.")
            return
        for n, one in enumerate(given):
            if not isinstance(one, dict):
                self.file.wrong(self.file.line("", 0, table), f"each is written as [[{table}]].")
                continue
            self.file.known(one, fields, table, n)
            yield read(one, n)

    def _needed(self, given: Mapping[str, Any], name: str, table: str, n: int) -> str:
        """A text that must be there; it may not be longer than names are."""
        text = self.file.value(given, name, _name, table, n)
        if name not in given:
            self.file.wrong(self.file.line(table, n), f"`{name}` is missing.")
        return text or ""

    def _once(self, table: str, name: str) -> None:
        """Note names that stand twice."""
        there: set[str] = set()
        for n, one in enumerate(self.file.data.get(table, [])):
            value = one.get(name) if isinstance(one, dict) else None
            if isinstance(value, str):
                if value in there:
                    self.file.wrong(self.file.line(table, n, name), f"{value!r} stands twice.")
                there.add(value)

    def _entrant(self, given: Mapping[str, Any], n: int) -> Entrant:
        def field_of(name: str, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401
            return self.file.value(given, name, read, "entrants", n)

        name = self._needed(given, "name", "entrants", n)
        endpoint, answers = field_of("endpoint", _address), field_of("answers", _text)
        line = self.file.line("entrants", n)
        if ("endpoint" in given) == ("answers" in given):
            why = "give it an `endpoint` to be asked, or a file of recorded `answers`"
            self.file.wrong(line, f"{name or 'an entrant'}: {why}.")
        if endpoint and "model" not in given:
            self.file.wrong(line, f"{name}: an endpoint needs a `model`.")
        kind = "recorded answers" if "answers" in given else "an endpoint"
        foreign: tuple[str, ...] = _OF_ENDPOINTS if "answers" in given else _OF_ANSWERS
        for key in foreign:
            if key in given and ("endpoint" in given) != ("answers" in given):
                at = self.file.line("entrants", n, key)
                self.file.wrong(at, f"`{key}` says nothing of {kind}.")
        return Entrant(
            name=name,
            model=field_of("model", _text) or "",
            answers=self.folder / answers if answers else None,
            format=field_of("format", _text) or "auto",
            map=field_of("map", _texts_by_name) or {},
            only=field_of("only", _text) or "",
            endpoint=endpoint or "",
            key_env=field_of("key_env", variable_name) or "",
            system=field_of("system", _text) or "",
            max_tokens=int(field_of("max_tokens", _between(1, 100_000)) or 1024),
            temperature=field_of("temperature", _between(0, 2)),
            prices=field_of("prices", _prices) or {},
        )

    def _side(self, given: Mapping[str, Any], n: int, names: list[str]) -> ArenaSide:
        entrants = self.file.value(given, "entrants", _texts, "sides", n) or ()
        for one in entrants:
            if one not in names:
                line = self.file.line("sides", n, "entrants")
                self.file.wrong(line, str(UnknownName("entrant", one, names)))
        if not entrants:
            self.file.wrong(self.file.line("sides", n), "a side needs `entrants`.")
        return ArenaSide(self._needed(given, "name", "sides", n), entrants)

    def _compare(self, names: list[str]) -> tuple[tuple[str, str], ...]:
        pairs = self._top("compare", _pairs) or ()
        for name in (name for pair in pairs for name in pair):
            if name not in names:
                line = self.file.line("", 0, "compare")
                self.file.wrong(line, str(UnknownName("side or entrant", name, names)))
        return tuple(pairs)

    def _prompts(self) -> tuple[Prompt, ...]:
        if isinstance(self.file.data.get("prompts"), str):
            try:
                return prompts_in(self.folder / self.file.data["prompts"])
            except InputError as error:
                self.file.wrong(self.file.line("", 0, "prompts"), str(error))
                return ()
        prompts = tuple(self._each("prompts", _PROMPT, self._prompt))
        self._once("prompts", "id")
        return prompts

    def _prompt(self, given: Mapping[str, Any], n: int) -> Prompt:
        text = self.file.value(given, "text", _text, "prompts", n)
        if not given.get("text"):
            self.file.wrong(self.file.line("prompts", n), "`text` is missing.")
        return Prompt(
            id=self.file.value(given, "id", _name, "prompts", n) or f"prompt {n + 1}",
            text=text or "",
            category=self.file.value(given, "category", _name, "prompts", n) or "",
        )

    def _categories(self, prompts: tuple[Prompt, ...]) -> tuple[str, ...]:
        given: tuple[str, ...] = self._top("categories", _texts) or ()
        used = tuple(dict.fromkeys(one.category for one in prompts if one.category))
        for name in used if given else ():
            if name not in given:
                line = self.file.line("", 0, "categories")
                self.file.wrong(line, str(UnknownName("category", name, given)))
        return given or used

    def _table(self, name: str, fields: tuple[str, ...], what: str) -> Mapping[str, Any] | None:
        """What stands under [name]; None if it is no table, which is noted."""
        given = self.file.data.get(name, {})
        if not isinstance(given, dict):
            self.file.wrong(self.file.line(name, 0), f"write {what} under [{name}].")
            return None
        self.file.known(given, fields, name, 0)
        return given

    def _voters(self) -> VoterRules:
        given = self._table("voters", _VOTERS, "who may vote") or {}
        usual = VoterRules()
        return VoterRules(
            door=self.file.value(given, "door", _one_of(Door), "voters", 0) or usual.door,
            header=self.file.value(given, "header", _text, "voters", 0) or usual.header,
            proxies=self.file.value(given, "proxies", _addresses, "voters", 0) or usual.proxies,
        )

    def _limits(self) -> dict[str, float]:
        given = self._table("limits", _LIMITS, "limits") or {}
        limits = {}
        for name in set(given).intersection(_LIMITS):
            within = {"characters": (100, 1_000_000), "at_once": (1, 1000)}.get(name, (1, 3600))
            limits[name] = self.file.value(given, name, _between(*within), "limits", 0)
        return limits

    def _judge(self) -> JudgeModel | None:
        given = self._table("judge", _JUDGE, "the judge")
        if given is None or "judge" not in self.file.data:
            return None
        endpoint = self.file.value(given, "endpoint", _address, "judge", 0)
        if "endpoint" not in given:
            self.file.wrong(self.file.line("judge", 0), "`endpoint` is missing.")
        return JudgeModel(
            endpoint=endpoint or "",
            model=self._needed(given, "model", "judge", 0),
            key_env=self.file.value(given, "key_env", variable_name, "judge", 0) or "",
            prices=self.file.value(given, "prices", _prices, "judge", 0) or {},
        )


def _text(given: Any) -> str:  # noqa: ANN401 - whatever TOML holds, as below
    if not isinstance(given, str) or not given.strip():
        raise InputError(f"{given!r} is no text.")
    if len(given) > _LONGEST_TEXT:
        raise InputError(f"a text of {len(given):,} characters is longer than {_LONGEST_TEXT:,}.")
    return given.strip()


def _name(given: Any) -> str:  # noqa: ANN401
    text = _text(given)
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise InputError(f"a name is one line of at most {LONGEST_NAME} letters.")
    return text


def variable_name(given: Any) -> str:  # noqa: ANN401
    """The name of the environment variable that holds a key.

    Raises:
        InputError: If it is none, or looks like a key; what was given is not repeated then.
    """
    text = _text(given)
    if not re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII) or _LIKE_A_KEY.match(text):
        raise InputError(
            "the key itself is not written down: set an environment variable to it, and write the "
            "name of that, such as OPENAI_API_KEY."
        )
    return text


def _address(given: Any) -> str:  # noqa: ANN401
    text = _text(given)
    if not text.startswith(("http://", "https://")):
        raise InputError("an endpoint begins with http:// or https://.")
    return text.rstrip("/")


def _switch(given: Any) -> bool:  # noqa: ANN401
    if not isinstance(given, bool):
        raise InputError(f"{given!r} is neither true nor false.")
    return given


def _texts(given: Any) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(given, list) or not given:
        raise InputError(f"{given!r} is no list of names.")
    return tuple(dict.fromkeys(map(_name, given)))


def _addresses(given: Any) -> tuple[str, ...]:  # noqa: ANN401
    texts = _texts(given)
    try:
        return tuple(str(ip_address(text)) for text in texts)
    except ValueError as error:
        raise InputError(f"{error}. Write numbers, such as 10.0.0.1.") from None


def _texts_by_name(given: Any) -> dict[str, str]:  # noqa: ANN401
    if not isinstance(given, dict):
        raise InputError("write { field = 'column' }.")
    return {str(name): _text(value) for name, value in given.items()}


def _prices(given: Any) -> dict[str, float]:  # noqa: ANN401
    if not isinstance(given, dict) or not {"input", "output"} <= given.keys() <= set(_PRICES):
        raise InputError("write { input = 0.25, output = 1.25 }, dollars per million tokens.")
    return {name: _between(0, 10_000)(price) for name, price in given.items()}


def _pairs(given: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401
    if not isinstance(given, list):
        raise InputError("write [['A', 'B']]: can B stand in for A?")
    pairs = []
    for one in given:
        if not isinstance(one, list) or len(one) != 2 or one[0] == one[1]:
            raise InputError(f"{one!r} is no pair of two sides: write ['A', 'B'].")
        pairs.append((_name(one[0]), _name(one[1])))
    return tuple(pairs)


def _between(least: float, most: float) -> Callable[[Any], float]:
    def read(given: Any) -> float:  # noqa: ANN401
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if not number or not least <= given <= most:
            raise InputError(f"{given!r} is no number from {least:g} to {most:g}.")
        return float(given)

    return read


def _one_of(choices: Any) -> Callable[[Any], str]:  # noqa: ANN401 - a Literal
    def read(given: Any) -> str:  # noqa: ANN401
        if given not in get_args(choices):
            raise InputError(f"{given!r} is none of {', '.join(get_args(choices))}.")
        return str(given)

    return read
