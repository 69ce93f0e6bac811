#include "CRE2.h"

#include <re2/re2.h>

struct cre2_pattern {
    re2::RE2 re;
    cre2_pattern(re2::StringPiece text, const re2::RE2::Options &options) : re(text, options) {}
};

cre2_pattern *cre2_compile(const char *pattern, size_t length) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto *compiled = new cre2_pattern(re2::StringPiece(pattern, length), options);
    if (!compiled->re.ok()) {
        delete compiled;
        return nullptr;
    }
    return compiled;
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }

bool cre2_matches(const cre2_pattern *pattern, const char *text, size_t length) {
    return re2::RE2::PartialMatch(re2::StringPiece(text, length), pattern->re);
}
