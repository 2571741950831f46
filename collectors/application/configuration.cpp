#include "collectors/application/configuration.hpp"

#include "collectors/application/figures.hpp"
#include "core/ascii.hpp"
#include "core/json/members.hpp"
#include "core/json/strict.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"
#include "core/url_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace nodescope::applications {

namespace {

constexpr json_limits limits{8, 1000};
/// Of an address and of a path, of a name, and of a regular expression.
constexpr std::size_t url_limit = 2048;
constexpr std::size_t name_limit = 256;
constexpr std::size_t regex_limit = 1024;

error malformed(std::string_view what) { return error(failure::malformed, std::string(what)); }

result<std::string> bounded(std::string text, std::string_view what, std::size_t limit)
{
    if (text.size() <= limit) return text;
    return error(failure::too_large, fmt::format("{} is longer than {} bytes", what, limit));
}

/// Only what the container reaches without leaving itself: it may not have anything else asked for it.
result<std::string> loopback_address(const host_and_port& where)
{
    if (equals_ignoring_case(where.host, "localhost")) return std::string("127.0.0.1");
    if (where.is_address && is_loopback_host(where.host)) return std::string(where.host);
    return error(failure::denied,
                 fmt::format("endpoint: {} is not the container's loopback", escape_untrusted(where.host, name_limit)));
}

result<configuration> configuration_for(std::string_view scheme, const host_and_port& where, std::string target)
{
    using transport = http_client::endpoint::transport;
    const bool tls = scheme == "https";
    if (!tls && scheme != "http") return malformed("endpoint: the protocol is neither http nor https");
    const std::uint16_t port = where.port.value_or(tls ? 443 : 80);
    if (port == 0) return malformed("endpoint: no such port");
    auto address = loopback_address(where);
    if (!address) return address.error();
    if (target.empty() || target.front() != '/') target.insert(0, "/");
    for (const char c : target) {
        if (c <= ' ' || c > '~') return malformed("endpoint: the path has characters that no URL has");
    }
    configuration made(http_client::endpoint(tls ? transport::tls : transport::tcp, {}, std::move(*address), port));
    made.target = std::move(target);
    return made;
}

/// scheme://host[:port][/path][?query]
result<configuration> parse_url(std::string_view text)
{
    if (text.size() > url_limit) return bounded(std::string(text), "endpoint", url_limit).error();
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return malformed("endpoint is no URL");
    const std::string_view rest = text.substr(colon + 3, text.find('#') - colon - 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    const auto where = parse_host_and_port(rest.substr(0, end));
    if (!where) return malformed(fmt::format("endpoint: {}", where.error().message()));
    return configuration_for(text.substr(0, colon), *where, std::string(rest.substr(end)));
}

result<configuration> parse_endpoint(std::string_view value)
{
    if (json_kind_of(value) == json_kind::string) {
        const auto text = decode_json_string(value);
        if (!text) return text.error();
        return parse_url(*text);
    }
    if (json_kind_of(value) != json_kind::object) return malformed("endpoint is neither a text nor an object");
    std::string protocol = "http";
    std::string path;
    std::string_view port_value;
    const auto read = read_json_members(value, {{"protocol", &protocol}, {"port", &port_value}, {"path", &path}});
    if (!read) return read.error();
    // Go's json.Number: a number, or a text that is one.
    std::string port_text = "8000";
    if (json_kind_of(port_value) == json_kind::string) port_text = port_value.substr(1, port_value.size() - 2);
    else if (!port_value.empty() && json_kind_of(port_value) != json_kind::null) port_text = port_value;
    host_and_port where{"localhost", false, whole_number<std::uint16_t>(port_text).value_or(0)};
    auto target = bounded(std::move(path), "endpoint.path", url_limit);
    if (!target) return target.error();
    return configuration_for(protocol, where, std::move(*target));
}

result<pattern_metric> parse_pattern(std::string_view value)
{
    pattern_metric made;
    std::string data_type;
    const auto read = read_json_members(value, {{"name", &made.name},
                                                {"metric_type", &made.type},
                                                {"units", &made.units},
                                                {"data_type", &data_type},
                                                {"regex", &made.regex}});
    if (!read) return read.error();
    for (const std::string* text : {&made.name, &made.type, &made.units}) {
        if (text->size() > name_limit) return bounded(*text, "a text of metrics_config", name_limit).error();
    }
    if (made.regex.size() > regex_limit) return bounded(made.regex, "regex", regex_limit).error();
    if (made.name.empty()) return malformed("metrics_config has a figure without a name");
    if (data_type != "int" && data_type != "float") {
        return malformed(fmt::format("data_type of {} is neither int nor float", escape_untrusted(made.name, 64)));
    }
    made.is_whole = data_type == "int";
    return made;
}

result<void> take_metric(std::string_view value, configuration& into)
{
    if (into.wanted.size() + into.patterns.size() >= metric_limit) {
        return error(failure::too_large, fmt::format("metrics_config has more than {} figures", metric_limit));
    }
    if (!into.is_prometheus) {
        auto pattern = parse_pattern(value);
        if (!pattern) return pattern.error();
        into.patterns.push_back(std::move(*pattern));
        return {};
    }
    auto name = decode_json_string(value);
    if (!name) return malformed("metrics_config is no list of names");
    if (name->size() > name_limit) return bounded(*name, "a name of metrics_config", name_limit).error();
    into.wanted.push_back(std::move(*name));
    return {};
}

}  // namespace

result<configuration> parse_configuration(std::string_view name, std::string_view text)
{
    constexpr std::string_view prometheus = "prometheus";
    const auto whole = strict_json_document(text, limits);
    if (!whole) return whole.error();
    if (json_kind_of(*whole) != json_kind::object) return malformed("the configuration is no object");
    std::string_view endpoint;
    std::string_view metrics;
    const auto read = read_json_members(*whole, {{"endpoint", &endpoint}, {"metrics_config", &metrics}});
    if (!read) return read.error();
    auto made = parse_endpoint(endpoint);
    if (!made) return made.error();
    made->is_prometheus = equals_ignoring_case(name.substr(0, prometheus.size()), prometheus);
    result<void> taken;
    if (!metrics.empty() && json_kind_of(metrics) != json_kind::null) {
        const auto visited = for_each_json_element(metrics, [&](std::string_view value) {
            if (taken) taken = take_metric(value, *made);
        });
        if (!visited) return visited.error();
    }
    if (!taken) return taken.error();
    if (!made->is_prometheus && made->patterns.empty()) return malformed("metrics_config has no figures");
    return made;
}

}  // namespace nodescope::applications
