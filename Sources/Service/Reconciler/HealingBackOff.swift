/// Who loses something again and again is healed at ever longer intervals.
struct BackOff {
    fileprivate struct Record {
        /// When it was lost of late.
        var losses: [ContinuousClock.Instant] = []
        var delay = Duration.zero
        var until: ContinuousClock.Instant?
        /// Whether it waits because it could not be made good.
        var hasFailed = false
    }

    private var records: [HealingSubject: Record] = [:]

    /// Five losses in ten seconds are a fight.
    private static let limit = 5
    private static let window = Duration.seconds(10)

    /// Notes a loss that has been made good.
    ///
    /// - Returns: how long the next one has to wait, if that is a fight.
    mutating func note(_ subject: HealingSubject, at now: ContinuousClock.Instant) -> Duration? {
        forget(before: now)
        var record = records[subject] ?? Record()
        if record.hasFailed { record = Record() }
        record.losses.append(now)
        let isFight = record.until != nil || record.losses.count { $0 > now - Self.window } >= Self.limit
        if isFight { record.wait(from: now) }
        records[subject] = record
        return isFight ? record.delay : nil
    }

    /// Notes that a loss could not be made good.
    ///
    /// - Returns: when to try again.
    mutating func fail(_ subject: HealingSubject, at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        forget(before: now)
        records[subject, default: Record()].wait(from: now)
        records[subject]?.hasFailed = true
        return records[subject]?.until ?? now
    }

    /// Until when it has to wait; nil if it need not.
    func blocked(_ subject: HealingSubject, at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        records[subject]?.until.flatMap { $0 > now ? $0 : nil }
    }

    func blocked(at now: ContinuousClock.Instant) -> Set<HealingSubject> {
        Set(records.keys.filter { blocked($0, at: now) != nil })
    }

    /// After ten seconds of peace beyond twice the wait, the count starts anew.
    private mutating func forget(before now: ContinuousClock.Instant) {
        records = records.filter { _, record in
            let last = record.until.map { $0 + record.delay } ?? record.losses.last ?? now
            return last + Self.window > now
        }
    }
}

extension BackOff.Record {
    fileprivate mutating func wait(from now: ContinuousClock.Instant) {
        delay = delay == .zero ? .seconds(1) : min(delay * 2, .seconds(60))
        until = now + delay
        losses = []
    }
}
