#include "server/api/cadvisor/routes.hpp"

#include "collectors/cadvisor/go_quoted.hpp"
#include "core/text.hpp"
#include "server/api/failure_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string_view>

namespace nodescope::api {

namespace {

constexpr std::array<std::pair<std::string_view, cadvisor_version>, 2> versions{{
    {"v2.0", cadvisor_version::v2_0},
    {"v2.1", cadvisor_version::v2_1},
}};

/// Longest sentence sent. A path may have 4 KiB, and stands in some of them.
constexpr std::size_t cadvisor_sentence_bytes = 8192;

http::reply plain(unsigned status, std::string_view sentence)
{
    return sentence_reply(status, sentence, cadvisor_sentence_bytes);
}

using handlers_by_name = std::map<std::string, cadvisor_request_type::handler, std::less<>>;
/// By version ("v2.0") and name.
using request_types = std::map<std::string, handlers_by_name, std::less<>>;

request_types by_version(const std::vector<cadvisor_request_type>& types)
{
    request_types out;
    for (const auto& [text, version] : versions) {
        for (const cadvisor_request_type& one : types) {
            if (one.version != version && one.version != cadvisor_version::both) continue;
            out[std::string(text)].emplace(one.name, one.answer);
        }
    }
    return out;
}

/// "appmetrics,attributes,…".
template <class Map>
std::string key_list(const Map& map)
{
    std::vector<std::string_view> keys;
    keys.reserve(map.size());
    for (const auto& [key, value] : map) keys.push_back(key);
    return joined(keys, ",");
}

task<http::reply> answer_of(const request_types& known, const http::request& asked)
{
    const cadvisor_path path = split_cadvisor_path(asked.path);
    if (path.version.empty()) co_return plain(400, fmt::format("Supported API versions: {}", key_list(known)));
    const auto types = known.find(path.version);
    if (types == known.end()) {
        co_return plain(500, fmt::format("unsupported API version {}", cadvisor::go_quoted(path.version)));
    }
    if (path.type.empty()) {
        co_return plain(400, fmt::format("Supported request types: \"{}\"", key_list(types->second)));
    }

    cadvisor_request request;
    request.container = path.container;
    request.parameters = url_query(asked.query);
    request.claimant = asked.claimant;
    request.limit = asked.limit;
    const auto options = cadvisor_options::parse(request.parameters);
    if (!options) co_return cadvisor_failure(options.error());
    request.options = *options;
    const auto type = types->second.find(path.type);
    if (type == types->second.end()) {
        co_return plain(500, fmt::format("unknown request type {}", cadvisor::go_quoted(path.type)));
    }
    co_return co_await type->second(request);
}

/// "/api" itself. What a redirect says it says to browsers, which only ever GET.
task<http::reply> redirect_to_versions(const http::request& asked)
{
    http::reply out(301, "", "");
    out.headers.emplace_back("Location", "/api/");
    if (asked.verb == http::method::get || asked.verb == http::method::head) {
        out.content_type = "text/html; charset=utf-8";
        out.set_text("<a href=\"/api/\">Moved Permanently</a>.\n\n");
    }
    co_return out;
}

}  // namespace

std::vector<http::route> cadvisor_routes(const std::vector<cadvisor_request_type>& types)
{
    const auto table = std::make_shared<const request_types>(by_version(types));
    const auto answer = [table](const http::request& asked) { return answer_of(*table, asked); };
    std::vector<http::route> routes;
    const auto add = [&](std::string path, http::handler handle, bool is_prefix) {
        http::route& row = routes.emplace_back(http::method::get, std::move(path), std::move(handle), is_prefix);
        row.any_method = true;
        row.deadline_status = 500;  // the API's one code for what could not be done
    };
    add("/api", redirect_to_versions, false);
    add("/api/", answer, true);
    // One row each, so that the statistics of routes tell them apart.
    for (const auto& [version, handlers] : *table) {
        for (const auto& [name, handler] : handlers) add(fmt::format("/api/{}/{}", version, name), answer, true);
    }
    return routes;
}

http::reply cadvisor_json(std::string body) { return {200, "application/json", std::move(body)}; }

http::reply cadvisor_failure(const error& why)
{
    return plain(why.kind() == failure::overloaded ? 503 : 500, why.message());
}

}  // namespace nodescope::api
