#include "server/api/cadvisor/request.hpp"

#include "collectors/cadvisor/go_quoted.hpp"
#include "collectors/cadvisor/name_spaces.hpp"
#include "core/text_scan.hpp"
#include "server/api/cadvisor/go_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace nodescope::api {

namespace {

constexpr std::string_view api_prefix = "/api";

/// Takes "/x" off the front and gives "x".
std::string_view take_segment(std::string_view& path) noexcept
{
    if (path.empty()) return {};
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

/// As cAdvisor 0.35 reads it, and -1 as 0.60 does.
result<std::int64_t> parse_count(std::string_view text)
{
    const auto count = whole_number<std::int64_t>(text);
    if (!count || *count > std::numeric_limits<std::uint32_t>::max()) {
        return error(failure::invalid, fmt::format("failed to parse 'count' option: {}", text));
    }
    if (*count < -1) {
        return error(failure::invalid,
                     fmt::format("invalid 'count' option: only -1 and larger values allowed, not {}", *count));
    }
    return *count;
}

}  // namespace

cadvisor_path split_cadvisor_path(std::string_view path) noexcept
{
    cadvisor_path out;
    std::string_view rest = path.substr(std::min(api_prefix.size(), path.size()));
    out.version = take_segment(rest);
    out.type = take_segment(rest);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (!rest.empty()) out.container = rest;
    return out;
}

result<cadvisor_options> cadvisor_options::parse(const url_query& given)
{
    cadvisor_options out;
    if (const auto type = given.get("type"); !type.empty()) {
        const auto naming = cadvisor::naming_of(type);
        if (!naming) return error(failure::invalid, fmt::format("unknown 'type' {}", cadvisor::go_quoted(type)));
        out.type = *naming;
    }
    if (const auto text = given.get("count"); !text.empty()) {
        const auto count = parse_count(text);
        if (!count) return count.error();
        out.count = *count;
    }
    out.follow = given.get("follow") != "false";
    out.recursive = given.get("recursive") == "true";
    if (const auto text = given.get("max_age"); !text.empty()) {
        const auto age = parse_go_duration(text);
        if (!age) {
            return error(failure::invalid, fmt::format("failed to parse 'max_age' option: {}", age.error().message()));
        }
        out.max_age = std::max(*age, std::chrono::nanoseconds(0));
    }
    return out;
}

cadvisor::query cadvisor_request::query() const
{
    cadvisor::query asked;
    asked.type = options.type;
    asked.name = container;
    asked.recursive = options.recursive;
    asked.count = options.count;
    asked.max_age = options.max_age;
    asked.follow = options.follow;
    return asked;
}

}  // namespace nodescope::api
