"""A service: one model on some chips, how fast it is, what fits, and what its tokens cost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.prices.serving.architecture import Architecture
from headtohead.prices.serving.chip import Chip
from headtohead.prices.serving.efficiency import (
    MEASURED,
    Misses,
    decode_spread,
    prefill_spread,
)
from headtohead.prices.serving.roofline import (
    PRECISIONS,
    Efficiency,
    Parallelism,
    Precision,
    Work,
    decode_work,
    overlapped,
    prefill_work,
    step_parts,
)
from headtohead.prices.serving.settings import MachineSettings

_USABLE = 0.9  # of a chip's memory: the rest is for the engine and for what is being computed
_MOST = 8192  # sequences on one chip
_PREFILL_TOKENS = 16_384  # that one chip prefills at once
_READERS = 32  # chips of a copy that reads prompts only


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the requests are like.

    Attributes:
        cached_share: Share of the prompt whose cache is at hand.
        drafts: Tokens that are guessed ahead in each step, and `accepted` the share that holds.
    """

    input_tokens: float
    output_tokens: float
    cached_share: float = 0.0
    drafts: int = 0
    accepted: float = 0.8

    @property
    def context(self) -> float:
        """Tokens in the cache of a sequence, averaged over its answer."""
        return self.input_tokens + self.output_tokens / 2

    @property
    def gained(self) -> float:
        """Tokens that one step gives a sequence."""
        return float(sum(self.accepted**i for i in range(self.drafts + 1)))


def over(top: float, times: Interval) -> Interval:
    """What comes of dividing by an interval of positive numbers."""
    return Interval(top / times.value, top / times.high, top / times.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What lies in the memory of one chip, GB."""

    weights_gb: float
    cache_gb_per_sequence: float
    usable_gb: float

    @property
    def sequences(self) -> float:
        """How many sequences fit beside the weights, on one chip's share of attention."""
        return max(self.usable_gb - self.weights_gb, 0) / self.cache_gb_per_sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One way to serve a model, and what it gives.

    Attributes:
        copies: Of the model, each on `layout.chips` chips.
        batch: Sequences that one copy answers at once.
        bound: What the batch is limited by: "memory", "time" or "given".
        apart: Whether prompts are read on chips of their own.
        step_s: Of a decode step; `token_s` of an output token, prefill between them included
            where it runs on the same chips.
        prompt_s: The computing of a prompt, which is the least time to the first token.
        output_rate: Output tokens a second and chip while it only writes; `input_rate` while it
            only reads prompts.
        cached_s: Chip-seconds that one token read from the cache costs.
    """

    shape: Architecture
    chip: Chip
    chips: int
    layout: Parallelism
    precision: Precision
    load: Load
    copies: int
    batch: int
    bound: str
    apart: bool
    memory: Memory
    token_s: Interval
    prompt_s: Interval
    output_rate: Interval
    input_rate: Interval
    cached_s: Interval
    spread: Misses
    prefill: Misses

    def chip_seconds(self, fresh: float, cached: float, outputs: float) -> Interval:
        """What so many fresh, cached and output tokens take at full load."""
        parts = (
            over(fresh, self.input_rate),
            self.cached_s.rescaled(cached),
            over(outputs, self.output_rate),
        )
        # Parts that are off may all be off in the same direction.
        return Interval(*(sum(getattr(p, end) for p in parts) for end in ("value", "low", "high")))


def memory_of(
    shape: Architecture, layout: Parallelism, precision: Precision, chip: Chip, context: float
) -> Memory:
    """What one chip holds."""
    outer = shape.vocab * shape.hidden * (1 if shape.tied else 2) / layout.tensor
    experts = shape.moe_layers * shape.experts * shape.expert_params / layout.chips
    weights = (
        shape.held_params(layout.tensor) * precision.weight
        + (outer + shape.router_params) * 2
        + experts * precision.expert
    )
    cache = shape.kv_bytes_per_token(precision.cache) * context
    cache += shape.window_bytes(precision.cache)
    return Memory(
        weights_gb=weights / 1e9,
        cache_gb_per_sequence=cache / shape.cache_parts(layout.tensor) / 1e9,
        usable_gb=chip.memory_gb * _USABLE,
    )


def serve(shape: Architecture, chip: Chip, load: Load, settings: MachineSettings) -> Service:
    """The layout of a model on so many chips that gives most output tokens a chip.

    What the settings leave open is chosen: weights as published, if the chip computes with them;
    as many sequences as fit and keep to the longest time per token; prompts on chips of their own
    where a copy is larger than the chips that one fast link joins.

    Raises:
        InputError: If the model does not fit, or cannot keep to the limit.
    """
    chips, tensor = settings.gpus, settings.tensor_parallel
    if shape.context and load.input_tokens + load.output_tokens > shape.context:
        raise InputError(
            f"{shape.name} takes {shape.context:,} tokens at most; a prompt of "
            f"{load.input_tokens:,.0f} with an answer of {load.output_tokens:,.0f} is longer."
        )
    if tensor is not None and (chips % tensor or shape.heads % tensor):
        raise InputError(
            f"`tensor_parallel` is {tensor}; it must divide the {chips} chips and the "
            f"{shape.heads} heads of {shape.name}."
        )
    node = min(chip.link_chips_n, chips)
    if tensor is not None and tensor > node:
        raise InputError(
            f"`tensor_parallel` is {tensor}; one fast link joins {node} {chip.name}, and only such "
            "chips may share a layer."
        )
    if settings.precision == "int4" and not shape.experts:
        raise InputError(f"`precision` int4 is of experts alone, and {shape.name} has none.")
    chosen = PRECISIONS[settings.precision or chip.precision_of(shape.precision)]
    chosen = replace(chosen, cache=int(settings.cache_bits) / 8)
    efficiency = MEASURED.get(chip.generation, MEASURED["hopper"])
    fitting: list[float] = []
    found = []
    for layout in _layouts(shape, chip, chips, tensor):
        memory = memory_of(shape, layout, chosen, chip, load.context)
        if memory.sequences < 1:
            continue
        fitting.append(memory.sequences / layout.tensor)
        wide = layout.chips > layout.node
        apart = settings.prefill == "own" if settings.prefill else wide
        clock = _Clock(shape, chip, layout, chosen, load, efficiency, apart)
        count, bound = _batch(clock, memory, settings.batch, settings.token_limit_ms / 1e3)
        if count:
            found.append((clock.output_rate(count), layout, memory, clock, count, bound))
    if not found:
        raise InputError(_too_much(shape, chip, chosen, load, settings, max(fitting, default=0)))
    _, layout, memory, clock, count, bound = max(found, key=lambda one: one[0])
    reader = _reader(clock) if clock.apart else clock
    spread = decode_spread(shape, chip.generation)
    prefill = prefill_spread(chip.generation)
    return Service(
        shape=shape,
        chip=chip,
        chips=chips,
        layout=layout,
        precision=chosen,
        load=load,
        copies=chips // layout.chips,
        batch=count * layout.data,
        bound=bound,
        apart=clock.apart,
        memory=memory,
        token_s=spread.of(clock.token_s(count)),
        prompt_s=prefill.of(reader.prompt_s()),
        output_rate=over(1, spread.of(1 / clock.output_rate(count))),
        input_rate=over(1, prefill.of(1 / reader.input_rate())),
        cached_s=prefill.of(reader.cached_s()),
        spread=spread,
        prefill=prefill,
    )


@dataclass(frozen=True, slots=True)
class _Clock:
    """The times of one layout."""

    shape: Architecture
    chip: Chip
    layout: Parallelism
    precision: Precision
    load: Load
    efficiency: Efficiency
    apart: bool

    def step_s(self, count: float) -> float:
        """A decode step of so many sequences on each group of chips."""

        def work(batch: float) -> Work:
            return decode_work(
                self.shape,
                self.layout,
                self.precision,
                batch=batch,
                context=self.load.context,
                drafted=1.0 + self.load.drafts,
            )

        return self._taken(work, count) * (1 + self.load.drafts / self.shape.layers)

    def prefill_s(self, length: float, cached: float, count: float) -> float:
        """Prefill of so many prompts on each group of chips that shares attention."""

        def work(prompts: float) -> Work:
            return prefill_work(
                self.shape,
                self.layout,
                self.precision,
                prompts=prompts,
                length=length,
                cached=cached,
            )

        return self._taken(work, count)

    def _taken(self, work: Callable[[float], Work], count: float) -> float:
        """Of one step: where chips are far from each other, two half batches may take turns."""
        speeds = self.chip.speeds(self.precision.name)

        def parts(count: float) -> tuple[float, float]:
            return step_parts(work(count * self.layout.data), speeds, self.efficiency)

        seconds = float(sum(parts(count)))
        if self.layout.chips <= self.layout.node:
            return seconds
        return min(seconds, float(overlapped(parts(count / 2), self.efficiency.hidden)))

    def prompt_s(self) -> float:
        """One prompt alone."""
        return self.prefill_s(
            self.load.input_tokens, self.load.input_tokens * self.load.cached_share, 1.0
        )

    @property
    def _prompts(self) -> float:
        """How many prompts go in one step."""
        return max(_PREFILL_TOKENS * self.layout.tensor / self.load.input_tokens, 1.0)

    def input_rate(self) -> float:
        """Fresh tokens a second and chip of prompts of which nothing is at hand."""
        seconds = self.prefill_s(self.load.input_tokens, 0.0, self._prompts)
        return self._prompts * self.load.input_tokens / seconds / self.layout.tensor

    def cached_s(self) -> float:
        """Chip-seconds of one cached token: that the fresh half of a prompt sees it too."""
        half, prompts = self.load.input_tokens / 2, self._prompts
        more = self.prefill_s(2 * half, half, prompts) - self.prefill_s(half, 0.0, prompts)
        return max(more, 0.0) * self.layout.tensor / (prompts * half)

    def token_s(self, count: float) -> float:
        """An output token of one sequence; with the prefill of others on the same chips."""
        seconds = self.step_s(count)
        if not self.apart:
            steps = self.load.output_tokens / self.load.gained
            seconds += self.efficiency.filling * count / steps * self.prompt_s()
        return seconds / self.load.gained

    def output_rate(self, count: float) -> float:
        """Output tokens a second and chip while it only writes."""
        return count * self.load.gained / self.step_s(count) / self.layout.tensor


def _layouts(
    shape: Architecture, chip: Chip, chips: int, tensor: int | None
) -> Iterator[Parallelism]:
    """The ways to lay one or more copies over so many chips."""
    node = min(chip.link_chips_n, 72)
    ways = [n for n in (1, 2, 4, 8, 16) if n <= min(node, chips)] if tensor is None else [tensor]
    for n in ways:
        if chips % n == 0 and shape.heads % n == 0:
            yield Parallelism(tensor=n, node=node)
            # With experts, groups that share attention may share one set of experts.
            if shape.experts and chips > n:
                spread = min(chips, shape.experts)
                if chips % spread == 0 and spread % n == 0:
                    yield Parallelism(tensor=n, data=spread // n, expert=spread, node=node)
                elif chips <= shape.experts:
                    yield Parallelism(tensor=n, data=chips // n, expert=chips, node=node)


def _reader(clock: _Clock) -> _Clock:
    """The layout for chips that only read prompts, which take fewer of them, as DeepSeek's do."""
    layout = clock.layout
    if layout.chips <= _READERS or layout.data == 1:
        return clock
    fewer = replace(layout, data=_READERS // layout.tensor, expert=_READERS)
    held = memory_of(clock.shape, fewer, clock.precision, clock.chip, clock.load.context)
    return replace(clock, layout=fewer) if held.sequences >= 1 else clock


def _batch(clock: _Clock, memory: Memory, given: int | None, limit_s: float) -> tuple[int, str]:
    """Sequences on each group of chips, and what limits them; 0 if not even one goes."""
    room = min(int(memory.sequences), _MOST)
    if given is not None:
        count = given * clock.layout.tensor
        return (count, "given") if count <= room else (0, "memory")
    if clock.token_s(room) <= limit_s:
        return room, "memory"
    low, high = 0, room
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if clock.token_s(middle) <= limit_s else (low, middle)
    return low, "time"


def _too_much(
    shape: Architecture,
    chip: Chip,
    precision: Precision,
    load: Load,
    settings: MachineSettings,
    room: float,
) -> str:
    """Why nothing goes, where the most sequences that fit on a chip are `room`."""
    # Without experts a copy lies on the chips of one link.
    most = settings.gpus if shape.experts else min(settings.gpus, chip.link_chips_n)
    on = f"{settings.gpus} {chip.name}"
    if room and settings.batch is not None and settings.batch > room:
        return (
            f"`batch` is {settings.batch}, but beside the weights of {shape.name} a {chip.name} "
            f"has room for {room:,.1f} sequences of {load.context:,.0f} tokens."
        )
    if room:
        return (
            f"{shape.name} on {on} cannot write a token every {settings.token_limit_ms:g} ms "
            "even for one sequence; raise `token_limit_ms`."
        )
    need = shape.total_params * (precision.expert if shape.experts else precision.weight) / 1e9
    return (
        f"{shape.name} does not fit: its weights take about {need:,.0f} GB at {precision.name}, "
        f"and {most} {chip.name}{' that one link joins' if most < settings.gpus else ''} hold "
        f"{most * chip.memory_gb * _USABLE:,.0f} GB beside what the engine needs, a sequence of "
        f"{load.context:,.0f} tokens not counted. "
        + ("Raise `gpus` or choose" if most == settings.gpus else "Choose")
        + " a smaller `precision`."
    )
