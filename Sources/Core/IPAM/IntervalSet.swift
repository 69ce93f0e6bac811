/// A set of numbers kept as disjoint, coalesced, ascending intervals.
///
/// First-fit allocation leaves its numbers dense, so that tens of thousands of them are a few intervals; membership
/// and the next free number are a binary search whatever the number of intervals.
struct IntervalSet: Sendable, Equatable {
    private struct Run: Sendable, Equatable {
        var lower: UInt128
        var upper: UInt128
    }

    private var runs: [Run] = []
    /// How many numbers are in the set; saturates at `UInt128.max`, one less than all of them.
    private(set) var count: UInt128 = 0

    var isEmpty: Bool { runs.isEmpty }

    func contains(_ number: UInt128) -> Bool {
        let index = firstRun(endingAtOrAfter: number)
        return index < runs.count && runs[index].lower <= number
    }

    /// The last number of the last run of consecutive members that shares a number with `lower...upper`; nil when
    /// none of them is in the set.
    func endOfOverlap(_ lower: UInt128, _ upper: UInt128) -> UInt128? {
        let index = firstRun(endingAtOrAfter: lower)
        guard index < runs.count, runs[index].lower <= upper else { return nil }
        return runs[index].upper
    }

    /// The lowest number in `lower...upper` that isn't in the set.
    func firstFree(_ lower: UInt128, _ upper: UInt128) -> UInt128? {
        let index = firstRun(endingAtOrAfter: lower)
        guard index < runs.count, runs[index].lower <= lower else { return lower <= upper ? lower : nil }
        // Runs are coalesced, so what follows one is free.
        guard runs[index].upper < upper else { return nil }
        return runs[index].upper + 1
    }

    /// How many members are in `lower...upper`; saturates at `UInt128.max`.
    func count(in lower: UInt128, _ upper: UInt128) -> UInt128 {
        var index = firstRun(endingAtOrAfter: lower)
        var total: UInt128 = 0
        while index < runs.count, runs[index].lower <= upper {
            total = Self.sum(total, max(runs[index].lower, lower), min(runs[index].upper, upper))
            index += 1
        }
        return total
    }

    mutating func insert(_ number: UInt128) { insert(number, number) }

    /// Adds `lower...upper`, members of the set already or not.
    mutating func insert(_ lower: UInt128, _ upper: UInt128) {
        // Runs that touch or overlap the new one are replaced by their union with it.
        let from = firstRun(endingAtOrAfter: lower == 0 ? 0 : lower - 1)
        var to = from
        var union = Run(lower: lower, upper: upper)
        while to < runs.count, upper == .max || runs[to].lower <= upper + 1 {
            union.lower = min(union.lower, runs[to].lower)
            union.upper = max(union.upper, runs[to].upper)
            to += 1
        }
        replace(from..<to, with: [union])
    }

    mutating func remove(_ number: UInt128) { remove(number, number) }

    /// Takes `lower...upper` out, members of the set or not.
    mutating func remove(_ lower: UInt128, _ upper: UInt128) {
        let from = firstRun(endingAtOrAfter: lower)
        var to = from
        while to < runs.count, runs[to].lower <= upper { to += 1 }
        guard from < to else { return }
        var rest: [Run] = []
        if runs[from].lower < lower { rest.append(Run(lower: runs[from].lower, upper: lower - 1)) }
        if runs[to - 1].upper > upper { rest.append(Run(lower: upper + 1, upper: runs[to - 1].upper)) }
        replace(from..<to, with: rest)
    }

    /// Replaces runs and recounts just those.
    private mutating func replace(_ range: Range<Int>, with rest: [Run]) {
        if count == .max {
            runs.replaceSubrange(range, with: rest)
            count = runs.reduce(0) { Self.sum($0, $1.lower, $1.upper) }
            return
        }
        for run in runs[range] { count -= run.upper - run.lower + 1 }
        if range.count == 1, rest.count == 1 {
            runs[range.lowerBound] = rest[0]
        } else {
            runs.replaceSubrange(range, with: rest)
        }
        for run in rest { count = Self.sum(count, run.lower, run.upper) }
    }

    private static func sum(_ total: UInt128, _ lower: UInt128, _ upper: UInt128) -> UInt128 {
        let (size, wide) = (upper - lower).addingReportingOverflow(1)
        let (sum, overflow) = total.addingReportingOverflow(size)
        return wide || overflow ? .max : sum
    }

    /// The index of the first run whose upper end is at or above a number: binary search.
    private func firstRun(endingAtOrAfter number: UInt128) -> Int {
        // Allocation goes up and hits the last run most often.
        if let last = runs.last, last.upper < number { return runs.count }
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upper < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
