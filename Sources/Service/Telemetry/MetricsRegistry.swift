public import Metrics
import Synchronization

/// The figures of this process, kept in memory: swift-metrics' backend.
public final class MetricsRegistry: MetricsFactory {
    struct Key: Hashable {
        let name: String
        /// `{a="b"}`, or nothing.
        let labels: String
    }

    private let counters = Mutex<[Key: CounterFigure]>([:])
    private let gauges = Mutex<[Key: GaugeFigure]>([:])
    private let summaries = Mutex<[Key: SummaryFigure]>([:])

    public init() {}

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        figure(in: counters, label, dimensions) { CounterFigure() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        figure(in: gauges, label, dimensions) { GaugeFigure() }
    }

    /// Without aggregation a recorder is a gauge: its last value.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? figure(in: summaries, label, dimensions) { SummaryFigure() }
            : figure(in: gauges, label, dimensions) { GaugeFigure() }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        figure(in: summaries, label + "_seconds", dimensions) { SummaryFigure() }
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// All figures in Prometheus' text format, version 0.0.4.
    public var text: String {
        var samples: [(name: String, kind: String, lines: [String])] = []
        for (key, figure) in counters.withLock({ $0 }) {
            samples.append((key.name, "counter", ["\(key.name)\(key.labels) \(figure.value)"]))
        }
        for (key, figure) in gauges.withLock({ $0 }) {
            samples.append((key.name, "gauge", ["\(key.name)\(key.labels) \(figure.value)"]))
        }
        for (key, figure) in summaries.withLock({ $0 }) {
            let (count, sum) = figure.value
            samples.append(
                (
                    key.name, "summary",
                    ["\(key.name)_sum\(key.labels) \(sum)", "\(key.name)_count\(key.labels) \(count)"]
                ))
        }
        var text = ""
        var last: String?
        for sample in samples.sorted(by: { ($0.name, $0.lines[0]) < ($1.name, $1.lines[0]) }) {
            if sample.name != last { text += "# TYPE \(sample.name) \(sample.kind)\n" }
            last = sample.name
            text += sample.lines.joined(separator: "\n") + "\n"
        }
        return text
    }

    private func figure<Figure: Sendable>(
        in figures: borrowing Mutex<[Key: Figure]>, _ label: String, _ dimensions: [(String, String)],
        make: () -> Figure
    ) -> Figure {
        let labels = dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        let key = Key(name: Self.name(label), labels: labels.isEmpty ? "" : "{\(labels)}")
        return figures.withLock { figures in
            if let figure = figures[key] { return figure }
            let figure = make()
            figures[key] = figure
            return figure
        }
    }

    /// Prometheus' names have letters, digits and underscores only.
    private static func name(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }
}
