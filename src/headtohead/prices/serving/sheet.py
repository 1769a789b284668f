"""How `h2h serve-cost` is shown."""

from headtohead.core.estimate import Interval
from headtohead.core.units import counted
from headtohead.prices.serving.result import ServeCostResult
from headtohead.prices.serving.service import Service
from headtohead.publish.sheet import Figure, Sheet, Step, TableColumn, Topic

METHOD = (
    Step(
        "A step takes the longer of computing and of reading memory for each part of the model, at "
        "the share of its peaks that chips of this kind were measured to reach, plus fixed times "
        "for each layer, message and step.",
        "roofline",
        (("Williams, Waterman and Patterson (2009)", "https://doi.org/10.1145/1498765.1498785"),),
    ),
    Step(
        "Of E experts a batch of B tokens that each use k reads the share 1 - (1 - k/E)^B. A "
        "compressed cache is unfolded to read prompts and kept folded to write.",
        "experts and cache",
        (("DeepSeek-AI (2024)", "https://arxiv.org/abs/2412.19437"),),
    ),
    Step(
        "The shares were fitted to 3,093 measured times per output token of nine families of "
        "models on H100, H200, B200 and B300; families left out of the fit were off by 13.0% in "
        "the median.",
        "constants",
        (("aiconfigurator-core 0.12.0", "https://pypi.org/project/aiconfigurator-core/"),),
    ),
)
_BOUND = {
    "memory": "as many as fit in memory",
    "time": "as many as keep to the longest time per token",
    "given": "as given",
}


def serve_cost_sheet(result: ServeCostResult) -> Sheet:
    """The report of a service."""
    one, hour = result.service, result.hour
    rate = one.output_rate
    sentence = (
        f"{one.shape.name} on {counted(one.chips, one.chip.name + ' chip')} writes about "
        f"{rate.value:,.0f} tokens a second per chip ({rate.low:,.0f} to {rate.high:,.0f}) at "
        f"{one.load.context:,.0f} tokens of context, a token every "
        f"{one.token_s.value * 1e3:,.0f} ms for each of "
        f"{counted(one.batch * one.copies, 'sequence')} at once."
    )
    costs = result.usd_per_mtok
    if costs and hour:
        sentence += (
            f" At ${hour.usd:,.2f} an hour of a chip and full load, a million output tokens cost "
            f"{money(costs['output'])}, a million input tokens {money(costs['input'])}."
        )
    elif hour is None:
        sentence += f" What an hour of a {one.chip.name} costs is not known."
    return Sheet(
        verb="serve_cost",
        title=f"{one.shape.name} on {one.chips} {one.chip.name}",
        word=f"{rate.value:,.0f} TOKENS A SECOND PER CHIP",
        sentence=sentence,
        facts=_facts(result),
        topics=(Topic(figures=_figures(result)),),
        method=METHOD,
        sources=result.citations,
        as_of=result.as_of,
        notes=result.notes,
    )


def money(interval: Interval) -> str:
    """A sum with its interval: "$0.46 ($0.36 to $0.79)"."""
    return f"{_usd(interval.value)} ({_usd(interval.low)} to {_usd(interval.high)})"


def _usd(value: float) -> str:
    return f"${value:,.2f}" if value >= 0.1 or not value else f"${value:.2g}"


def _facts(result: ServeCostResult) -> tuple[tuple[str, str], ...]:
    one, hour, memory = result.service, result.hour, result.service.memory
    shape, layout = one.shape, one.layout
    ways = [f"{layout.tensor} chips share a layer" if layout.tensor > 1 else ""]
    if layout.data > 1:
        ways.append(f"{layout.data} groups share the experts")
    size = f"{shape.total_params / 1e9:,.1f} B parameters"
    if shape.experts:
        size += f", {shape.active_params / 1e9:,.1f} B used per token"
    return (
        ("Model", f"{size}, {shape.attention}, {one.precision.name}"),
        (
            "Layout",
            f"{counted(one.copies, 'copy', 'copies')} on {counted(layout.chips, 'chip')}"
            + "".join(f", {way}" for way in ways if way),
        ),
        ("Sequences", f"{one.batch:,} a copy at once, {_BOUND[one.bound]}"),
        (
            "Memory of a chip",
            f"{memory.weights_gb:,.1f} GB of weights and "
            f"{one.batch / layout.data * memory.cache_gb_per_sequence:,.1f} GB of cache, of "
            f"{memory.usable_gb:,.1f} GB",
        ),
        (
            "Prompts",
            "are read on chips of their own" if one.apart else "are read on the same chips",
        ),
        (
            "Price of a chip",
            f"${hour.usd:,.2f} an hour: {hour.says}" if hour else "not known",
        ),
    )


def _figures(result: ServeCostResult) -> tuple[Figure, ...]:
    one = result.service
    columns = (
        TableColumn("what", "What"),
        TableColumn("value", "About", 1),
        TableColumn("low_value", "From", 1),
        TableColumn("high_value", "To", 1),
        TableColumn("unit", "Unit"),
    )
    rows = [(what, i.value, i.low, i.high, unit) for what, i, unit in _speeds(one)]
    figures = [
        Figure(
            "speed",
            "Speed",
            "How fast is it?",
            columns=columns,
            rows=tuple(rows),
            remarks=(
                f"Writing: {one.spread.says}.",
                f"Reading prompts: {one.prefill.says}. The time to the first token is longer: "
                "a prompt waits for its turn.",
            ),
        )
    ]
    if costs := result.usd_per_mtok:
        titles = {"input": "Input", "cached": "Input read from the cache", "output": "Output"}
        figures.append(
            Figure(
                "cost",
                "Cost",
                "What do a million tokens cost at full load?",
                columns=(
                    TableColumn("kind", "Tokens"),
                    TableColumn("usd_per_mtok", "$ a million", 3),
                    TableColumn("low_usd_per_mtok", "From", 3),
                    TableColumn("high_usd_per_mtok", "To", 3),
                ),
                rows=tuple((titles[k], i.value, i.low, i.high) for k, i in costs.items()),
                remarks=(
                    "Idle hours are not in it: divide by the share of the time that the chips are "
                    "busy. Production of DeepSeek in February 2025 cost about twice what full "
                    "load would.",
                    "Input read from the cache costs what new tokens compute over it; keeping it "
                    "is not counted.",
                ),
            )
        )
    return tuple(figures)


def _speeds(one: Service) -> tuple[tuple[str, Interval, str], ...]:
    return (
        ("Output of a chip that writes", one.output_rate, "tokens a second"),
        ("Output of all chips, writing", one.output_rate.rescaled(one.chips), "tokens a second"),
        ("Input of a chip that reads", one.input_rate, "tokens a second"),
        ("Time per output token", one.token_s.rescaled(1e3), "ms"),
        ("Computing of a prompt", one.prompt_s.rescaled(1e3), "ms"),
    )
