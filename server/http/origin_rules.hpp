// Who a request claims to be meant for (Host) and to come from (Origin, Sec-Fetch-Site): the defence against web pages
// that make a browser on the node, or one that can reach it, send requests.
#pragma once

#include "server/http/framing.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::http {

class origin_rules {
public:
    origin_rules(std::vector<std::string> allowed_hosts, std::vector<std::string> allowed_origins);

    /// A Host value or the authority of an absolute form: 400 when malformed, 421 unless it is an IP literal, localhost
    /// or a configured name. The port may be any: a name that was rebound by DNS stays a wrong name on every port.
    [[nodiscard]] refusal check_host(std::string_view authority) const;

    /// 403 for what a browser sends on behalf of another site, preflights included. A page that this service has served
    /// itself is not one: its origin is `scheme`, by which the request came, and the Host it names, which check_host()
    /// has accepted.
    [[nodiscard]] refusal check_origin(const request_head& head, std::string_view scheme) const;

private:
    std::vector<std::string> allowed_hosts_;
    std::vector<std::string> allowed_origins_;
};

/// RFC 9110, 8.3: application/json, with or without parameters.
bool is_json_content_type(std::string_view value) noexcept;

}  // namespace nodescope::http
