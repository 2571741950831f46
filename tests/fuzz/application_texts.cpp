// What applications in containers write: configurations, expositions, and texts that regular expressions of theirs look
// at. The first line is the kind of configuration, up to an empty line its text, and the rest the answer.
#include "collectors/application/configuration.hpp"
#include "collectors/application/exposition.hpp"
#include "collectors/application/patterns.hpp"
#include "core/url_text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace nodescope;
using namespace nodescope::applications;

namespace {

void check(const result<figures>& found)
{
    if (!found) {
        if (found.error().message().empty()) std::abort();
        return;
    }
    if (found->values.size() > value_limit || found->specs.size() > metric_limit) std::abort();
    for (const metric_value& one : found->values) {
        if (!std::isfinite(one.real)) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::size_t line = std::min(all.find('\n'), size);
    const std::size_t gap = std::min(all.find("\n\n", line), size);
    const std::string_view name = all.substr(0, line);
    const std::string_view answer = all.substr(std::min(gap + 2, size));
    const auto read = parse_configuration(name, all.substr(line, gap - line));
    const time_point now(std::chrono::seconds(1));
    check(parse_exposition(answer, {}, now));
    if (!read) {
        if (read.error().message().empty()) std::abort();
        return 0;
    }
    if (!is_loopback_host(read->to.host) || read->to.port == 0 || !read->target.starts_with('/')) std::abort();
    check(read->is_prometheus ? parse_exposition(answer, read->wanted, now)
                              : apply_patterns(read->patterns, answer, now));
    return 0;
}
