"""A service: one model on some chips, how fast it is, what fits, and what its tokens cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.prices.serving.architecture import Architecture
from headtohead.prices.serving.chip import Chip
from headtohead.prices.serving.efficiency import (
    Misses,
    decode_spread,
    efficiency_of,
    prefill_spread,
)
from headtohead.prices.serving.roofline import (
    PRECISIONS,
    Efficiency,
    Parallelism,
    Precision,
    decode_work,
    overlapped,
    prefill_work,
    step_parts,
)

_USABLE = 0.9  # of a chip's memory: the rest is for the engine and for what is being computed
_MOST = 8192  # sequences on one chip
_PREFILL_TOKENS = 16_384  # that one chip prefills at once
_READERS = 32  # chips of a copy that reads prompts only


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the requests are like.

    Attributes:
        held: Tokens in the cache of a sequence while it writes, if not those of its own prompt
            and half of its answer.
        cached_share: Share of the prompt whose cache is at hand.
        drafts: Tokens that are guessed ahead in each step, and `accepted` the share that holds.
    """

    input_tokens: float
    output_tokens: float
    held: float | None = None
    cached_share: float = 0.0
    drafts: int = 0
    accepted: float = 0.8

    @property
    def context(self) -> float:
        """Tokens in the cache of a sequence, averaged over its answer."""
        return self.held or self.input_tokens + self.output_tokens / 2

    @property
    def gained(self) -> float:
        """Tokens that one step gives a sequence."""
        return float(sum(self.accepted**i for i in range(self.drafts + 1)))


def over(top: float, times: Interval) -> Interval:
    """What comes of dividing by an interval of positive numbers."""
    return Interval(top / times.value, top / times.high, top / times.low)


def summed(parts: Sequence[Interval]) -> Interval:
    """The sum of numbers that may be off together, in the same direction."""
    return Interval(*(sum(getattr(p, end) for p in parts) for end in ("value", "low", "high")))


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
        return summed(
            [
                over(fresh, self.input_rate),
                self.cached_s.rescaled(cached),
                over(outputs, self.output_rate),
            ]
        )


def memory_of(
    shape: Architecture, layout: Parallelism, precision: Precision, chip: Chip, context: float
) -> Memory:
    """What one chip holds."""
    split = shape.layers * shape.split_params / layout.tensor
    inner = (
        3
        * shape.hidden
        * (shape.dense_layers * shape.dense_inter + shape.moe_layers * shape.shared_inter)
    )
    whole = shape.layers * shape.unsplit_params + split + inner / layout.tensor
    outer = shape.vocab * shape.hidden * (1 if shape.tied else 2) / layout.tensor
    outer += shape.moe_layers * shape.hidden * shape.experts
    experts = shape.moe_layers * shape.experts * shape.expert_params / layout.chips
    weights = whole * precision.weight + outer * 2 + experts * precision.expert
    ranks = 1 if shape.kv_rank else min(layout.tensor, shape.kv_heads)
    cache = shape.kv_bytes_per_token(precision.cache) * context
    cache += shape.window_bytes(precision.cache)
    return Memory(
        weights_gb=weights / 1e9,
        cache_gb_per_sequence=cache / ranks / 1e9,
        usable_gb=chip.memory_gb * _USABLE,
    )


def serve(
    shape: Architecture,
    chip: Chip,
    chips: int,
    load: Load,
    *,
    precision: str = "",
    cache_bits: int = 16,
    batch: int | None = None,
    token_limit_s: float = 0.05,
    tensor: int | None = None,
    apart: bool | None = None,
    engine: str = "",
) -> Service:
    """The layout of a model on so many chips that gives most output tokens a chip.

    Args:
        precision: Of the weights; as published, if the chip computes with it.
        batch: Sequences on each chip at once; as many as fit and keep to `token_limit_s` if None.
        tensor: Chips that share a layer; the best if None.
        apart: Whether prompts are read on chips of their own; if None, where a copy is larger than
            the chips that one fast link joins.

    Raises:
        InputError: If the model does not fit, or cannot keep to the limit.
    """
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
    chosen = PRECISIONS[precision or chip.precision_of(shape.precision)]
    chosen = replace(chosen, cache=cache_bits / 8)
    efficiency = efficiency_of(chip.generation, engine)
    fitting: list[float] = []
    found = []
    for layout in _layouts(shape, chip, chips, tensor):
        memory = memory_of(shape, layout, chosen, chip, load.context)
        if memory.sequences < 1:
            continue
        fitting.append(memory.sequences / layout.tensor)
        aside = layout.chips > layout.node if apart is None else apart
        clock = _Clock(shape, chip, layout, chosen, load, efficiency, aside)
        count, bound = _batch(clock, memory, batch, token_limit_s)
        if count:
            found.append((clock.output_rate(count), layout, memory, clock, count, bound))
    if not found:
        raise InputError(_too_much(shape, chip, chips, chosen, load, fitting, batch, token_limit_s))
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
        seconds = self._taken(self._parts(count), self._parts(count / 2))
        return seconds * (1 + self.load.drafts / self.shape.layers)

    def _taken(self, whole: tuple[float, float], half: tuple[float, float]) -> float:
        """Of one step: where chips are far from each other, two half batches may take turns."""
        seconds = float(sum(whole))
        if self.layout.chips <= self.layout.node:
            return seconds
        return min(seconds, float(overlapped(half, self.efficiency.hidden)))

    def _parts(self, count: float) -> tuple[float, float]:
        work = decode_work(
            self.shape,
            self.layout,
            self.precision,
            batch=count * self.layout.data,
            context=self.load.context,
            drafted=1.0 + self.load.drafts,
        )
        return step_parts(work, self.chip.speeds(self.precision.name), self.efficiency)

    def prefill_s(self, length: float, cached: float, prompts: float) -> float:
        """Prefill of so many prompts on each group of chips that shares attention."""

        def parts(prompts: float) -> tuple[float, float]:
            work = prefill_work(
                self.shape,
                self.layout,
                self.precision,
                prompts=prompts * self.layout.data,
                length=length,
                cached=cached,
            )
            return step_parts(work, self.chip.speeds(self.precision.name), self.efficiency)

        return self._taken(parts(prompts), parts(prompts / 2))

    def prompt_s(self) -> float:
        """One prompt alone."""
        return self.prefill_s(
            self.load.input_tokens, self.load.input_tokens * self.load.cached_share, 1.0
        )

    def _group_s(self, cached: float) -> tuple[float, float]:
        """Prefill of as many prompts as go in one step: seconds, and how many."""
        prompts = max(_PREFILL_TOKENS * self.layout.tensor / self.load.input_tokens, 1.0)
        return self.prefill_s(self.load.input_tokens, cached, prompts), prompts

    def input_rate(self) -> float:
        """Fresh tokens a second and chip of prompts of which nothing is at hand."""
        seconds, prompts = self._group_s(0.0)
        return prompts * self.load.input_tokens / seconds / self.layout.tensor

    def cached_s(self) -> float:
        """Chip-seconds of one cached token: that the fresh half of a prompt sees it too."""
        half = self.load.input_tokens / 2
        prompts = max(_PREFILL_TOKENS * self.layout.tensor / self.load.input_tokens, 1.0)
        more = self.prefill_s(2 * half, half, prompts) - self.prefill_s(half, 0.0, prompts)
        return max(more, 0.0) * self.layout.tensor / (prompts * half)

    def token_s(self, count: float) -> float:
        """An output token of one sequence; with the prefill of others on the same chips."""
        seconds = self.step_s(count)
        if not self.apart:
            prompt = self.prompt_s() if self.load.input_tokens >= 1 else 0.0
            steps = self.load.output_tokens / self.load.gained
            seconds += self.efficiency.filling * count / steps * prompt
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
    chips: int,
    precision: Precision,
    load: Load,
    fitting: Sequence[float],
    batch: int | None,
    limit_s: float,
) -> str:
    if fitting and batch is not None and batch > max(fitting):
        return (
            f"`batch` is {batch}, but beside the weights of {shape.name} a {chip.name} has room "
            f"for {max(fitting):,.1f} sequences of {load.context:,.0f} tokens."
        )
    if fitting:
        return (
            f"{shape.name} on {chips} {chip.name} cannot write a token every {limit_s * 1e3:g} ms "
            "even for one sequence; raise `token_limit_ms`."
        )
    need = shape.total_params * (precision.expert if shape.experts else precision.weight) / 1e9
    return (
        f"{shape.name} does not fit: its weights take about {need:,.0f} GB at {precision.name}, "
        f"and {chips} {chip.name} hold {chips * chip.memory_gb * _USABLE:,.0f} GB beside what the "
        f"engine needs, a sequence of {load.context:,.0f} tokens not counted. Raise `gpus` or "
        "choose a smaller `precision`."
    )
