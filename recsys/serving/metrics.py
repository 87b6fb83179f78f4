"""`GET /metrics`: what all workers of this server counted, in the format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from recsys.serving import meter as counts
from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.meter import BOUNDS, Meter

_ENDS = (*map(str, BOUNDS), "+Inf")


@dataclass(frozen=True, slots=True)
class MetricsRoute:
    """`/metrics`; `clock` gives the time in UTC."""

    meter: Meter
    clock: Callable[[], datetime]

    def get(self, _http: HttpRequest) -> HttpResponse:
        """Everything counted, summed over the workers; nothing in it names a shopper or a key."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Counted(self.meter, self.clock().timestamp()))
        headers = (("Content-Type", CONTENT_TYPE_LATEST), ("Cache-Control", "no-store"))
        return HttpResponse(200, generate_latest(registry), headers)


class _Counted(Collector):
    """The metrics at one moment, in seconds since 1970 UTC."""

    def __init__(self, meter: Meter, now: float) -> None:
        self._meter = meter
        self._shared = meter.shared
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Every metric; docs/api.md lists them."""
        yield self._latency()
        yield from self._counters()
        yield from self._gauges()

    def _latency(self) -> Metric:
        family = HistogramMetricFamily(
            "recsys_request_seconds",
            "How long requests took in a worker, in seconds.",
            labels=("method", "route", "status"),
        )
        for each in counts.latencies(self._shared, self._meter.routes):
            buckets = list(zip(_ENDS, accumulate(each.buckets), strict=True))
            status = "other" if each.status == counts.OTHER_STATUS else str(each.status)
            family.add_metric((each.method, each.route, status), buckets, each.seconds)
        return family

    def _counters(self) -> Iterator[Metric]:
        items = "Items in answers of one row, by where they came from."
        yield _counter("recsys_items_served", items, counts.sources(self._shared), "source")
        yield _counter("recsys_events", "Events told, by their fate.", counts.fates(self._shared), "fate")
        for name, words, number in (
            ("recsys_answers", "Answers of one row; a page has several.", counts.ANSWERS),
            ("recsys_answers_with_fallback", "Answers that fallback filled up.", counts.WITH_FALLBACK),
            ("recsys_requests_shed", "Requests turned away because there were too many.", counts.SHED),
            ("recsys_refresh_failures", "Looks for changes that failed.", counts.FAILURES),
        ):
            yield CounterMetricFamily(name, words, value=counts.total(self._shared, number))

    def _gauges(self) -> Iterator[Metric]:
        living = list(self._shared.living())
        yield GaugeMetricFamily("recsys_workers", "Workers that live.", value=len(living))
        in_flight = sum(share[counts.IN_FLIGHT] for share in living)
        yield GaugeMetricFamily("recsys_requests_in_flight", "Requests being answered.", value=in_flight)
        refreshed = [share[counts.REFRESHED_AT] for share in living if share[counts.REFRESHED_AT]]
        if refreshed:
            words = "How long ago the worker that is furthest behind last found its state fresh, in seconds."
            yield GaugeMetricFamily("recsys_overlay_age_seconds", words, value=self._age(min(refreshed)))
        words = "The release that a worker cannot serve, while an older one goes on; 0 for none."
        refused = max((share[counts.REFUSED] for share in living), default=0)
        yield GaugeMetricFamily("recsys_release_refused", words, value=refused)
        yield from self._release([(s[counts.RELEASE], s[counts.RELEASED_AT]) for s in living])

    def _release(self, released: Iterable[tuple[float, float]]) -> Iterator[Metric]:
        loaded = [each for each in released if each[0]]
        if not loaded:
            return
        number, since = min(loaded)
        words = "The release that answers; while workers differ, the older one."
        yield GaugeMetricFamily("recsys_release_number", words, value=number)
        if since:
            words = "How long ago that release was published, in seconds."
            yield GaugeMetricFamily("recsys_release_age_seconds", words, value=self._age(since))

    def _age(self, since: float) -> float:
        """Seconds since a moment; a worker may have written it after this look began."""
        return max(0.0, self._now - since)


def _counter(name: str, words: str, values: Iterable[tuple[str, float]], label: str) -> Metric:
    family = CounterMetricFamily(name, words, labels=(label,))
    for value, count in values:
        family.add_metric((value,), count)
    return family
