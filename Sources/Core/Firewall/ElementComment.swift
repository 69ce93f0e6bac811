/// What `nft list` shows beside an element: whose it is.
///
/// A comment is quoted by nft without any escape, and it refuses to read more than 128 bytes back
/// (`NFTNL_UDATA_COMMENT_MAXLEN`), so that names lose what would break `nft list ruleset | nft -f -`.
func elementComment(_ names: String...) -> String {
    var comment = ""
    for scalar in names.joined(separator: ": ").unicodeScalars {
        let shown = printable(scalar)
        guard comment.utf8.count + UTF8.width(shown) <= 128 else { break }
        comment.unicodeScalars.append(shown)
    }
    return comment
}

/// The scalar, a blank for a control character, an apostrophe for a quotation mark.
private func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: " "
    case 0x22: "'"
    default: scalar
    }
}
