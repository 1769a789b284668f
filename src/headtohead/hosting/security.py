"""What a server forbids browsers, and how often somebody may ask."""

from collections import OrderedDict
from collections.abc import Collection, Mapping

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers then send a form of our own with the origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""What every answer of the server carries."""


class Limits:
    """How often someone may ask: each has a bucket that fills with time.

    Args:
        per_minute: How many requests fit into a minute on average.
        burst: How many may come at once.
        most: How many askers are remembered; whoever asked longest ago is forgotten.
    """

    def __init__(self, per_minute: float, burst: int, most: int = 50_000) -> None:
        self._per_s, self._burst, self._most = per_minute / 60, burst, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, who: str, now_s: float) -> float:
        """Takes one from the bucket of an asker: 0 if they may go on, else seconds to wait."""
        left, at = self._buckets.pop(who, (float(self._burst), now_s))
        left = min(float(self._burst), left + max(0.0, now_s - at) * self._per_s)
        allowed = left >= 1
        self._buckets[who] = (left - allowed, now_s)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_s


def asker(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """Who sends a request, for limits.

    Args:
        peer: Who the connection is to.
        forwarded: The header X-Forwarded-For, in which only proxies that are known are believed.
        proxies: Their addresses.
    """
    if peer not in proxies:
        return peer
    # What stands on the right was added last; further left anybody may have written.
    said = [part.strip() for part in forwarded.split(",")]
    return next((part for part in reversed(said) if part and part not in proxies), peer)
