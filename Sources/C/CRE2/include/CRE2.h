#ifndef CRE2_H
#define CRE2_H
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled RE2 pattern. Free it with cre2_free.
typedef struct cre2_pattern cre2_pattern;

/// Compiles `pattern` (UTF-8, `length` bytes); NULL when RE2 refuses it.
cre2_pattern *_Nullable cre2_compile(const char *_Nonnull pattern, size_t length);
void cre2_free(cre2_pattern *_Nullable pattern);

/// Whether the pattern matches anywhere in `text` (unanchored). Linear in `length`.
bool cre2_matches(const cre2_pattern *_Nonnull pattern, const char *_Nonnull text, size_t length);

#ifdef __cplusplus
}
#endif
#endif
