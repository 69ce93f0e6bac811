import Metrics
import Testing

@testable import Telemetry

struct MetricsTests {
    @Test func figuresInPrometheusText() {
        let registry = MetricsRegistry()
        let counter = Counter(label: "http.requests", dimensions: [("route", "a\"b")], factory: registry)
        counter.increment(by: 2)
        Counter(label: "http.requests", dimensions: [("route", "a\"b")], factory: registry).increment()
        Gauge(label: "networks", factory: registry).record(3)
        let timer = Timer(label: "commit", factory: registry)
        timer.recordMilliseconds(250)
        timer.recordMilliseconds(750)
        #expect(
            registry.text == """
                # TYPE commit_seconds summary
                commit_seconds_sum 1.0
                commit_seconds_count 2
                # TYPE http_requests counter
                http_requests{route="a\\"b"} 3
                # TYPE networks gauge
                networks 3.0

                """)
    }
}
