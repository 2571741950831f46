#include "collectors/application/patterns.hpp"

#include "core/ascii.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace nodescope::applications {

namespace {

/// Of each expression: those in use have some KiB.
constexpr int program_bytes = 1 << 20;

constexpr std::string_view blanks = " \t\r\n\v\f";

std::optional<double> real_number(std::string_view word)
{
    if (word.starts_with('+')) word.remove_prefix(1);
    double value = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (code != std::errc() || end != word.data() + word.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<metric_value> value_of(const pattern_metric& pattern, std::string_view word, time_point now)
{
    metric_value made;
    made.name = pattern.name;
    made.is_whole = pattern.is_whole;
    made.when = now;
    if (pattern.is_whole) {
        if (word.starts_with('+')) word.remove_prefix(1);
        const auto whole = whole_number<std::int64_t>(word);
        if (!whole) return std::nullopt;
        made.whole = *whole;
    } else {
        const auto real = real_number(word);
        if (!real) return std::nullopt;
        made.real = *real;
    }
    return made;
}

}  // namespace

result<figures> apply_patterns(const std::vector<pattern_metric>& patterns, std::string_view text, time_point now)
{
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(program_bytes);
    figures found;
    for (const pattern_metric& one : patterns) {
        const RE2 expression(one.regex, options);
        if (!expression.ok() || expression.NumberOfCapturingGroups() == 0) {
            const std::string why = expression.ok() ? "it has no group" : expression.error();
            return error(failure::malformed,
                         fmt::format("regex of {}: {}", escape_untrusted(one.name, 64), escape_untrusted(why, 128)));
        }
        found.specs.push_back({one.name, one.type, one.is_whole ? "int" : "float", one.units});
        re2::StringPiece group;
        if (!RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression, &group)) continue;
        if (auto value = value_of(one, trimmed({group.data(), group.size()}, blanks), now)) {
            found.values.push_back(std::move(*value));
        }
    }
    return found;
}

}  // namespace nodescope::applications
