#include "collectors/runtime/docker/api_request.hpp"

#include "core/json/members.hpp"
#include "core/json/writer.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"
#include "core/url_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace nodescope::docker {

std::string to_string(api_version value) { return fmt::format("{}.{}", value.major_number, value.minor_number); }

std::optional<api_version> parse_api_version(std::string_view text) noexcept
{
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto major_number = whole_number<unsigned>(text.substr(0, dot));
    const auto minor_number = whole_number<unsigned>(text.substr(dot + 1));
    if (!major_number || !minor_number) return std::nullopt;
    return api_version{*major_number, *minor_number};
}

result<api_version> negotiate_version(engine_kind of, std::string_view header)
{
    if (header.empty()) return oldest_version;
    const auto engine = parse_api_version(header);
    if (!engine) {
        return error(failure::malformed, fmt::format("{}: the daemon's API version \"{}\" cannot be read",
                                                     to_string(of), escape_untrusted(header, 64)));
    }
    if (*engine < oldest_version) {
        return error(failure::failed, fmt::format("{}: the daemon speaks API version {} at most; {} is needed",
                                                  to_string(of), to_string(*engine), to_string(oldest_version)));
    }
    return std::min(*engine, newest_version);
}

std::optional<error> too_new_for_us(engine_kind of, std::string_view body)
{
    const auto least = parse_api_version(json_text_member(body, "MinAPIVersion"));
    if (!least || *least <= newest_version) return std::nullopt;
    return error(failure::failed,
                 fmt::format("{}: the daemon wants API version {} or newer (its MinAPIVersion); {} is the newest that "
                             "this service speaks",
                             to_string(of), to_string(*least), to_string(newest_version)));
}

const api_route& route_of(api_read what) noexcept
{
    return *std::find_if(std::begin(api_routes), std::end(api_routes),
                         [what](const api_route& one) { return one.what == what; });
}

namespace {

std::string path_of(const api_call& call, const std::string& encoded_id)
{
    std::string path(route_of(call.what).path);
    constexpr std::string_view placeholder = "{id}";
    if (const auto at = path.find(placeholder); at != std::string::npos) {
        path.replace(at, placeholder.size(), encoded_id);
    }
    return path;
}

}  // namespace

std::string operation_name(engine_kind of, const api_call& call)
{
    const std::string id = call.container ? call.container->text() : std::string();
    const std::string shown = id.size() > 80 ? id.substr(0, 77) + "..." : id;
    return fmt::format("{}: {} {}", to_string(of), route_of(call.what).method, path_of(call, shown));
}

std::string request_target(const api_call& call, std::string_view base_path, api_version version)
{
    std::string target(base_path);
    if (route_of(call.what).versioned) target.append("/v").append(to_string(version));
    target.append(path_of(call, call.container ? percent_encode(call.container->text()) : std::string()));
    if (!call.query.empty()) target.append("?").append(call.query);
    return target;
}

std::string label_filter(const std::vector<std::string>& labels)
{
    std::string filter;
    json_writer json(filter);
    json.object([&] { json.list_member("label", labels); });
    return "filters=" + percent_encode(filter);
}

}  // namespace nodescope::docker
