"""`/metrics`: what is counted and measured, for Prometheus and all that read its text format.

For callers on this machine, and for those that show `[publish] status_token`. The library is
loaded by the first scrape.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from aggregator.model.measures import MeasureKind
from aggregator.runtime.late_modules import LateModule
from aggregator.serve.bearers import bearer_of, for_operator, is_operator
from aggregator.serve.cache import Wanted
from aggregator.serve.encodings import respond
from aggregator.serve.responses import represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import prometheus_client
    from prometheus_client import core
    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.model.measures import Measure
    from aggregator.serve.responses import Representation
    from aggregator.serve.server_context import Served
else:  # 40 ms, for those who monitor
    prometheus_client = LateModule("prometheus_client")
    core = LateModule("prometheus_client.core")

#: Those who scrape more often read the same again.
FRESH_SECONDS = 1.0

#: The text format of old, which everybody reads.
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def metrics(served: Served, request: Request) -> Response:
    """Answer with everything as it was a second ago at the most."""
    if not is_operator(served.site.config().visibility, bearer_of(served, request)):
        return for_operator()
    # Counted on the event loop, so read there; what blocks is asked for in a thread.
    counted = served.answers.measures(served.caches) + served.site.counted()
    wanted = Wanted("metrics", "metrics", version=int(served.site.seconds() // FRESH_SECONDS))
    make = partial(_represented, counted, served.site.asked)
    found = await served.caches.lists.get(wanted, make)
    return await respond(
        served,
        request,
        wanted.key,
        found.value,
        cache_control="private, no-store",
        vary="Accept-Encoding, Authorization",
    )


def _represented(
    counted: tuple[Measure, ...], asked: Callable[[], tuple[Measure, ...]]
) -> Representation:
    return represent(exposition((*counted, *asked())), MEDIA_TYPE)


def exposition(measures: Iterable[Measure]) -> bytes:
    """Return measures in the text format, with what the system says of this process."""
    registry = prometheus_client.CollectorRegistry(auto_describe=False)
    registry.register(_Collector(tuple(measures)))
    registry.register(prometheus_client.PROCESS_COLLECTOR)
    return prometheus_client.generate_latest(registry)


class _Collector:
    def __init__(self, measures: tuple[Measure, ...]) -> None:
        self._measures = measures

    def collect(self) -> Iterator[core.Metric]:
        yield from map(_metric, self._measures)


def _metric(one: Measure) -> core.Metric:
    labels = [] if one.label is None else [one.label]
    made: core.CounterMetricFamily | core.GaugeMetricFamily | core.HistogramMetricFamily
    match one.kind:
        case MeasureKind.COUNTER:
            made = core.CounterMetricFamily(one.name, one.help, labels=labels)
        case MeasureKind.GAUGE:
            made = core.GaugeMetricFamily(one.name, one.help, labels=labels)
        case MeasureKind.HISTOGRAM:
            buckets = [(str(bound), number) for bound, number in one.samples]
            return core.HistogramMetricFamily(
                one.name, one.help, buckets=buckets, sum_value=one.total
            )
        case _:
            assert_never(one.kind)
    for value, number in one.samples:
        made.add_metric([] if value is None else [value], number)
    return made
