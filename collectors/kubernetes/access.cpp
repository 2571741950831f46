#include "collectors/kubernetes/access.hpp"

#include "collectors/kubernetes/credential_file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace nodescope::kubernetes {

namespace {

using http_client::endpoint;

/// As much of a refused URL as is shown; a password in it is refused before this is reached.
constexpr std::size_t shown_bytes = 200;

error refused(std::string_view url, std::string_view why)
{
    return error(failure::invalid, fmt::format("\"{}\" cannot be used: {}", escape_untrusted(url, shown_bytes), why));
}

}  // namespace

result<server_address> parse_server_url(std::string_view text)
{
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed || parsed->host().empty()) {
        return error(failure::invalid, "the server's address is not of the form https://host:port");
    }
    const boost::urls::url_view& url = *parsed;
    if (url.has_userinfo()) return error(failure::invalid, "the server's address must not hold a user or a password");
    if (url.has_query() || url.has_fragment()) return refused(text, "a server's address has no query and no fragment");
    const bool secure = url.scheme() == "https";
    if (!secure && url.scheme() != "http") return refused(text, "the scheme must be https");

    std::string_view authority = url.encoded_host_and_port();
    if (authority.ends_with(':')) authority.remove_suffix(1);
    std::string base_path(url.encoded_path());
    while (base_path.ends_with('/')) base_path.pop_back();
    // Boost.URL 1.81 takes what follows "https://a" in "https://a:x" for a path.
    if (!base_path.empty() && !base_path.starts_with('/')) return refused(text, "its port is not a number");
    if (base_path.find("//") != std::string::npos) return refused(text, "its path has an empty segment");

    const auto kind = secure ? endpoint::transport::tls : endpoint::transport::tcp;
    auto address = http_client::parse_server(kind, secure ? "https" : "http", authority, secure ? 443 : 80, base_path);
    if (!address) return refused(text, address.error().message());
    if (!secure && !address->is_loopback()) {
        return refused(text, "http is taken for loopback addresses only, because tokens would travel in the clear");
    }
    return address;
}

bool api_access::same_connection(const api_access& other) const
{
    const auto of = [](const api_access& a) {
        return std::tie(a.server.to.kind, a.server.to.host, a.server.to.port, a.server.base_path, a.tls.ca_pem,
                        a.tls.certificate_pem, a.tls.key_pem, a.tls.server_name);
    };
    return of(*this) == of(other);
}

result<api_access> read_service_account(const std::string& directory, std::string_view host, std::string_view port)
{
    // The host of a cluster with IPv6 has no brackets.
    const char* const form = host.find(':') == std::string_view::npos ? "{}:{}" : "[{}]:{}";
    const std::string authority = fmt::format(fmt::runtime(form), host, port.empty() ? "443" : port);
    auto server = http_client::parse_server(endpoint::transport::tls, "https", authority, 0);
    if (!server) {
        return error(failure::invalid, fmt::format("KUBERNETES_SERVICE_HOST and _PORT make no server: \"{}\"",
                                                   escape_untrusted(authority, shown_bytes)));
    }

    auto token = read_token_file(directory + "/token");
    if (!token) return error(token.error().kind(), fmt::format("service account: {}", token.error().message()));
    auto ca = read_credential_file(directory + "/ca.crt");
    if (!ca) return error(ca.error().kind(), fmt::format("service account: {}", ca.error().message()));

    api_access access(std::move(*server));
    access.token = std::move(*token);
    access.tls.ca_pem = std::move(*ca);
    return access;
}

}  // namespace nodescope::kubernetes
