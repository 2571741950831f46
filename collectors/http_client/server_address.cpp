#include "collectors/http_client/http_client.hpp"

#include "core/url_text.hpp"

#include <fmt/format.h>

namespace nodescope::http_client {

std::string server_address::authority() const
{
    return to.kind == endpoint::transport::unix_socket ? "localhost" : authority_text(to.host, to.port);
}

bool server_address::is_loopback() const { return is_loopback_host(to.host); }

result<server_address> parse_server(endpoint::transport kind, std::string_view scheme, std::string_view authority,
                                    std::uint16_t default_port, std::string base_path)
{
    const auto parts = parse_host_and_port(authority);
    if (!parts) return parts.error();
    const std::uint16_t port = parts->port.value_or(default_port);
    if (port == 0) return error(failure::invalid, "port 0 is nobody's");
    std::string text = fmt::format("{}://{}{}", scheme, authority_text(parts->host, port), base_path);
    return server_address(endpoint(kind, {}, std::string(parts->host), port), std::move(base_path), std::move(text));
}

}  // namespace nodescope::http_client
