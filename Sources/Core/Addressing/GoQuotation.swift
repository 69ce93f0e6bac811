extension String {
    /// The text in double quotes as Go's `strconv.Quote` (`%q`) writes it, which most of Docker's refusals contain.
    public var goQuoted: String {
        var result = "\""
        for scalar in unicodeScalars { scalar.appendGoEscaped(to: &result) }
        result += "\""
        return result
    }
}

extension Unicode.Scalar {
    fileprivate func appendGoEscaped(to text: inout String) {
        switch value {
        case 0x22: text += "\\\""
        case 0x5C: text += "\\\\"
        case 0x07: text += "\\a"
        case 0x08: text += "\\b"
        case 0x0C: text += "\\f"
        case 0x0A: text += "\\n"
        case 0x0D: text += "\\r"
        case 0x09: text += "\\t"
        case 0x0B: text += "\\v"
        case 0..<0x20, 0x7F: text += "\\x" + hexadecimal(digits: 2)
        case 0x20..<0x7F: text.unicodeScalars.append(self)
        default:
            if isGoPrintable {
                text.unicodeScalars.append(self)
            } else if value < 0x10000 {
                text += "\\u" + hexadecimal(digits: 4)
            } else {
                text += "\\U" + hexadecimal(digits: 8)
            }
        }
    }

    /// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols; of all spaces, only ASCII's.
    private var isGoPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator,
            .paragraphSeparator:
            false
        default: true
        }
    }

    private func hexadecimal(digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
