/// The values of one key as patterns: a text matches when it is one of them, or one matches anywhere in it. A value
/// that RE2 refuses matches only itself.
struct PatternFilter: ~Copyable {
    private let exact: FilterSet
    private let key: String
    private let values: [String]

    init(_ filters: FilterSet, _ key: String) {
        exact = filters
        self.key = key
        values = filters.values(key)
    }

    /// Which of the texts match.
    consuming func select<Item>(_ items: [Item], by text: (Item) -> String) -> [Item] {
        if values.isEmpty { return items }
        var matched = items.map { exact.matchesExactly(key, text($0)) }
        for value in values {
            guard let expression = RegularExpression(value) else { continue }
            for index in items.indices where !matched[index] {
                matched[index] = expression.matches(text(items[index]))
            }
        }
        return zip(items, matched).filter(\.1).map(\.0)
    }
}
