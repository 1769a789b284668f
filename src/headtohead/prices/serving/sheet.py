"""How `h2h serve-cost` and `h2h breakeven` are shown."""

from headtohead.core.estimate import Interval
from headtohead.core.units import counted, ratio_words
from headtohead.prices.serving.efficiency import UNSEEN_HELD
from headtohead.prices.serving.result import BreakevenResult, ServeCostResult
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
        "The shares were fitted to 3,093 times per output token of nine families of models, "
        "measured on H100, H200, B200 and B300 from October 2025 to April 2026, whatever the day "
        "that is asked about; families left out of the fit were off by 13.0% in the median. "
        "Intervals meant to hold 80% of a family's times held 76% to 82% of those left out at "
        f"random, 66% to 93% where whole runs and {UNSEEN_HELD[0]:.0%} to {UNSEEN_HELD[1]:.0%} "
        "where the whole family was left out.",
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
            f" At ${hour.usd.value:,.2f} an hour of a chip and full load, a million output tokens "
            f"cost {_money(costs['output'])}, a million input tokens {_money(costs['input'])}."
        )
    elif hour is None:
        sentence += f" What an hour of one {one.chip.name} costs is not known."
    return Sheet(
        verb="serve_cost",
        title=f"{one.shape.name} on {one.chips:,} {one.chip.name}",
        word=f"{rate.value:,.0f} TOKENS A SECOND PER CHIP",
        sentence=sentence,
        facts=_facts(result),
        topics=(Topic(figures=_figures(result)),),
        method=METHOD,
        sources=result.citations,
        as_of=result.as_of,
        notes=result.notes,
    )


def _money(interval: Interval) -> str:
    """A sum with its interval: "$0.46 ($0.36 to $0.79)"."""
    if interval.low == interval.high:
        return _usd(interval.value)
    return f"{_usd(interval.value)} ({_usd(interval.low)} to {_usd(interval.high)})"


def _price_ends(result: ServeCostResult | BreakevenResult) -> str:
    hour = result.hour
    one_price = hour is None or hour.usd.low == hour.usd.high
    return "the price as it is" if one_price else "the price at 10% and 90% of what sellers ask"


def _usd(value: float) -> str:
    if 0 < value < 1e-4:
        return "under $0.0001"
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
            f"${hour.usd.value:,.2f} an hour: {hour.says}" if hour else "not known",
        ),
    )


def _figures(result: ServeCostResult) -> tuple[Figure, ...]:
    one = result.service
    columns = (
        TableColumn("what", "What"),
        TableColumn("value", "About", 0),
        TableColumn("low_value", "From", 0),
        TableColumn("high_value", "To", 0),
        TableColumn("unit", "Unit"),
    )
    speeds = (
        ("Output of a chip that writes", one.output_rate, "tokens a second"),
        ("Output of all chips, writing", one.output_rate.rescaled(one.chips), "tokens a second"),
        ("Input of a chip that reads", one.input_rate, "tokens a second"),
        ("Time per output token", one.token_s.rescaled(1e3), "ms"),
        ("Computing of a prompt", one.prompt_s.rescaled(1e3), "ms"),
    )
    figures = [
        Figure(
            "speed",
            "Speed",
            "How fast is it?",
            columns=columns,
            rows=tuple((what, i.value, i.low, i.high, unit) for what, i, unit in speeds),
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
                    f"From and to: speed at an end of its interval, {_price_ends(result)}.",
                    "Idle hours are not in it: divide by the share of the time that the chips are "
                    "busy. Production of DeepSeek in February 2025 cost about twice what full "
                    "load would.",
                    "Input read from the cache costs what new tokens compute over it; keeping it "
                    "is not counted.",
                ),
            )
        )
    return tuple(figures)


_WORDS = {
    "own": "OWN MACHINES ARE CHEAPER",
    "api": "THE API IS CHEAPER",
    "undecided": "TOO CLOSE TO CALL",
}


def breakeven_sheet(result: BreakevenResult) -> Sheet:
    """The report of own machines against an API."""
    one, asked, service = result.weighed, result.weighed.demand, result.service
    share = 1 / (one.expected.carries * one.expected.units * asked.peak)
    busy = f"{share:.0%}" if share >= 0.01 else "under 1%"
    machines = counted(one.expected.units * service.chips, f"{service.chip.name} chip")
    sentence = (
        f"A load of {counted(round(asked.requests), 'request')} a day costs {_usd(asked.api_usd)} "
        f"at the API and {_money(one.own_usd)} on {machines} with {service.shape.name}: "
        f"{_compared(result)}. {_turns(result)}"
    )
    return Sheet(
        verb="breakeven",
        title=f"{service.shape.name} on {service.chip.name}, or the API of {result.api}",
        word=_WORDS[one.cheaper],
        sentence=sentence,
        facts=(
            (
                "Load",
                f"{(asked.fresh + asked.cached) / 1e6:,.2f} M tokens of input a day, "
                f"{asked.cached / (asked.fresh + asked.cached):.0%} of them cached, and "
                f"{asked.output / 1e6:,.2f} M of output",
            ),
            ("Busiest hour", f"{asked.peak:.1f} times the mean"),
            (
                "Machines",
                f"paid around the clock, ${result.hour.usd.value:,.2f} an hour of a chip: "
                f"{result.hour.says}",
            ),
            ("API", "; ".join(result.api_prices)),
            ("Busy", f"{busy} of the time of the machines at the mean load"),
        ),
        topics=(Topic(figures=(_cases(result),)),),
        method=(
            "Machines are added in whole units, as many as the busiest hour needs, and are paid "
            "whether they are busy or idle; the API is paid by the token, each hour at its price.",
            *METHOD,
        ),
        sources=result.citations,
        as_of=result.as_of,
        notes=result.notes,
    )


def _compared(result: BreakevenResult) -> str:
    one = result.weighed
    if one.cheaper == "undecided":
        return "which is less hangs on how fast the machines really are and what they cost"
    dear, cheap = sorted((one.own_usd.value, one.demand.api_usd), reverse=True)
    which = "own machines" if one.cheaper == "own" else "the API"
    times = f"{ratio_words(dear / cheap)} times" if cheap else "infinitely"
    return f"{which} cost{'s' if one.cheaper == 'api' else ''} {times} less"


def _turns(result: BreakevenResult) -> str:
    """From which load on own machines cost less, in a sentence."""
    one, requests = result.weighed, result.weighed.demand.requests
    ends = [
        "no load" if case.first is None else _count(case.first * requests)
        for case in (one.expected, one.best, one.worst)
    ]
    if one.expected.first is not None:
        case, start = one.expected, "Own machines cost less"
        span = "" if ends[1] == ends[2] else f" (at best {ends[1]}, at worst {ends[2]})"
    elif one.best.first is not None:
        case, span = one.best, ""
        start = "As expected, own machines cost more at any load; at best they cost less"
    else:
        return "Own machines cost more at any load: even full, a unit costs more than the API."
    first, for_good = case.first or 0.0, case.for_good
    says = f"{start} from about {_count(first * requests)} requests a day on{span}"
    if for_good is None or for_good <= first * 1.001:
        return f"{says}."
    return (
        f"{says}, but again more where one more unit has just been added, until about "
        f"{_count(for_good * requests)} a day."
    )


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1e6 else f"{number / 1e6:,.2f} million"


def _cases(result: BreakevenResult) -> Figure:
    one, requests = result.weighed, result.weighed.demand.requests
    cases = {"expected": one.expected, "best": one.best, "worst": one.worst}
    return Figure(
        "cases",
        "Break-even",
        "From which load on do own machines cost less?",
        columns=(
            TableColumn("case", "Machines as"),
            TableColumn("own_usd_per_day", "Own, $ a day", 2),
            TableColumn("units_n", "Units", 0),
            TableColumn("unit_requests_per_day_n", "A unit carries, requests a day", 0),
            TableColumn("breakeven_requests_per_day_n", "Less from, requests a day", 0),
            TableColumn("for_good_requests_per_day_n", "For good from", 0),
        ),
        rows=tuple(
            (
                name,
                case.own_usd,
                case.units,
                case.carries * requests,
                None if case.first is None else case.first * requests,
                None if case.for_good is None else case.for_good * requests,
            )
            for name, case in cases.items()
        ),
        remarks=(
            f"Best and worst: speed at an end of its interval, {_price_ends(result)}. Of the "
            f"speed, {result.service.spread.says}. No number of requests means: at no load.",
        ),
    )
