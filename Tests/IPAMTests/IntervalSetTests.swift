import Testing
import TestKit

@testable import IPAM

@Suite struct IntervalSetTests {
    /// The lower number of the universe: near zero, and where adding one overflows.
    @Test(arguments: [UInt128(0), UInt128.max - 99])
    func behavesLikeASetOfNumbers(base: UInt128) {
        var generator = Seeded(1)
        var set = IntervalSet()
        var model = Set<Int>()
        for _ in 0..<3000 {
            let lower = Int.random(in: 0..<100, using: &generator)
            let upper = Int.random(in: lower..<min(100, lower + 20), using: &generator)
            let (first, last) = (base + UInt128(lower), base + UInt128(upper))
            if Bool.random(using: &generator) {
                set.insert(first, last)
                model.formUnion(lower...upper)
            } else {
                set.remove(first, last)
                model.subtract(lower...upper)
            }
            #expect(set.count == UInt128(model.count))
            let probe = Int.random(in: 0..<100, using: &generator)
            let end = Int.random(in: probe..<100, using: &generator)
            let (from, to) = (base + UInt128(probe), base + UInt128(end))
            #expect(set.contains(from) == model.contains(probe))
            #expect(set.count(in: from, to) == UInt128(model.filter { (probe...end).contains($0) }.count))
            #expect(set.firstFree(from, to) == (probe...end).first { !model.contains($0) }.map { base + UInt128($0) })
            #expect((set.endOfOverlap(from, to) != nil) == (probe...end).contains { model.contains($0) })
            if let overlap = set.endOfOverlap(from, to) {
                #expect(set.contains(overlap))
                #expect(overlap == .max || !set.contains(overlap + 1))
            }
        }
    }

    @Test func countSaturates() {
        var set = IntervalSet()
        set.insert(0, .max)
        #expect(set.count == UInt128.max)
        set.remove(5)
        #expect(set.count == UInt128.max)
        set.remove(0, 10)
        #expect(set.count == UInt128.max - 10)
        #expect(set.firstFree(0, .max) == 0)
    }
}
