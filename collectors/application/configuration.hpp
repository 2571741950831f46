// What a label io.cadvisor.metric.NAME of a container leads to: a JSON file in the container that says where its
// application publishes figures, and which of them are wanted. Whoever made
// the image or the container has written it. Pure.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::applications {

/// A figure that a regular expression finds in what the application answers.
struct pattern_metric {
    std::string name;
    std::string type;
    std::string units;
    bool is_whole = false;  ///< data_type "int", else "float"
    std::string regex;      ///< RE2's syntax, which is Go's; the figure is its first group
};

struct configuration {
    explicit configuration(http_client::endpoint where) : to(std::move(where)) {}
    http_client::endpoint to;  ///< TCP or TLS, a loopback address
    std::string target;        ///< of the request, from the slash on
    bool is_prometheus = false;
    std::vector<std::string> wanted;       ///< of the Prometheus kind: names; empty: all
    std::vector<pattern_metric> patterns;  ///< of the other kind
};

/// `name` is what follows the label's prefix: one that begins with "prometheus", in any case, means Prometheus' text
/// format, any other regular expressions. An endpoint that is an object is on 127.0.0.1, port 8000 unless it says
/// otherwise. failure::malformed when the text is not such a configuration, failure::denied when the endpoint is not on
/// the loopback, failure::too_large when it wants more than metric_limit figures or has longer texts.
result<configuration> parse_configuration(std::string_view name, std::string_view text);

/// Of the file; those in use have some hundred bytes.
inline constexpr std::size_t configuration_limit_bytes = 64U << 10U;

}  // namespace nodescope::applications
