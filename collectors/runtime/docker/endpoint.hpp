// Where the daemon is, from the spellings that the docker command accepts.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "collectors/runtime/docker/docker_client.hpp"

#include <string>
#include <string_view>

namespace nodescope::docker {

inline constexpr std::string_view default_host = "unix:///var/run/docker.sock";

/// Reads `unix://…`, `tcp://…` and bare `host:port`. failure::invalid names the value and says what it should look
/// like; also for plain TCP beyond loopback unless `insecure_tcp`.
result<http_client::server_address> parse_endpoint(std::string_view host, bool tls, bool insecure_tcp);

/// The PEM texts of DOCKER_CERT_PATH. ca.pem may be missing (then the system's store verifies), and so may the pair
/// of cert.pem and key.pem; a file that is there but cannot be read is an error.
result<http_client::tls_identity> read_tls_files(const std::string& directory);

}  // namespace nodescope::docker
