"""What a difference shows: not worse, equivalent, better; with p-values that agree."""

from dataclasses import dataclass

from headtohead.core.interval import Interval
from headtohead.trials.noninferiority import Verdict, verdict
from headtohead.trials.paired.differences import Difference


@dataclass(frozen=True, slots=True)
class Judgement:
    """The three verdicts on one difference.

    Attributes:
        margin: How much worse B may be, in the unit of the scores.
        noninferior: Whether B is at most `margin` worse.
        equivalent: Whether the two are within `margin` of each other.
        superior: Whether B is better.
        p_noninferior: One-sided p-value of "B is worse by the margin or more".
        p_equivalent: p-value of "they differ by the margin or more" (two one-sided tests).
        p_superior: One-sided p-value of "B is no better".
        p_equal: Two-sided p-value of "no difference", by the test behind the interval.
    """

    margin: float
    noninferior: Verdict
    equivalent: Verdict
    superior: Verdict
    p_noninferior: float
    p_equivalent: float
    p_superior: float
    p_equal: float


def judge(found: Difference, margin: float) -> Judgement:
    """All verdicts on a difference at one margin.

    A two-sided 95% interval makes each "yes" one-sided at 2.5%. For equivalence that is the
    stricter form of the two one-sided tests: their usual 5% belongs to a 90% interval.

    Args:
        found: Of B minus A, higher is better.
        margin: How much worse B may be, >= 0, in the unit of the scores.

    Raises:
        ValueError: If the margin is negative or not a number.

    References:
        Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the
        power approach for assessing the equivalence of average bioavailability. Journal of
        Pharmacokinetics and Biopharmaceutics 15, 657-680. doi:10.1007/BF01068419
        Piaggio, G. et al. (2012). JAMA 308, 2594-2604. doi:10.1001/jama.2012.87802
    """
    test = found.test
    not_worse, not_better = test.p_above(-margin), test.p_below(margin)
    above, below = test.p_above(0.0), test.p_below(0.0)
    return Judgement(
        margin=margin,
        noninferior=verdict(found.interval, margin),
        equivalent=equivalence(found.interval, margin),
        superior=superiority(found.interval),
        p_noninferior=not_worse,
        p_equivalent=max(not_worse, not_better),
        p_superior=above,
        p_equal=min(1.0, 2 * min(above, below)),
    )


def equivalence(interval: Interval, margin: float) -> Verdict:
    """Whether B is within `margin` of A.

    Returns:
        "yes" if the whole interval lies inside -margin to +margin, "no" if it lies wholly
        beyond either, else "undecided".

    Raises:
        ValueError: If the margin is negative or not a number.

    References:
        Schuirmann, D. J. (1987). doi:10.1007/BF01068419
    """
    down, up = verdict(interval, margin), verdict(_mirrored(interval), margin)
    if down == up == "yes":
        return "yes"
    return "no" if "no" in (down, up) else "undecided"


def superiority(interval: Interval) -> Verdict:
    """Whether B is better than A: "yes" above 0, "no" below it, else "undecided"."""
    if interval.low > 0:
        return "yes"
    return "no" if interval.high < 0 else "undecided"


def _mirrored(interval: Interval) -> Interval:
    return Interval(-interval.value, -interval.high, -interval.low)
