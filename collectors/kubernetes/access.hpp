// How to reach the API server and with which identity, from a kubeconfig or the files of the pod's service account.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace nodescope::kubernetes {

using http_client::server_address;

/// An https URL, or http to a loopback address. failure::invalid with a sentence for anything that is not scheme, host,
/// optional port and optional path; and for http beyond loopback, where a token would be readable on the way.
result<server_address> parse_server_url(std::string_view url);

/// One peer with everything that is needed to talk to it. Holds secrets: never logged as a whole.
struct api_access {
    explicit api_access(server_address address) : server(std::move(address)) {}
    server_address server;
    http_client::tls_identity tls;
    std::string token;

    /// Whether connections made for the one may be used for the other. Tokens do not matter: each request carries its
    /// own.
    [[nodiscard]] bool same_connection(const api_access& other) const;
};

/// The current context of a kubeconfig. failure::invalid with a sentence that names the file and what cannot be used:
/// insecure-skip-tls-verify, exec and auth-provider plugins, impersonation, passwords and proxies are refused, not
/// ignored.
result<api_access> read_kubeconfig(const std::string& path);

/// `host` and `port` are KUBERNETES_SERVICE_HOST and _PORT; `directory` holds `token` and `ca.crt`.
result<api_access> read_service_account(const std::string& directory, std::string_view host, std::string_view port);

}  // namespace nodescope::kubernetes
