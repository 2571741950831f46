// The values of --auth and the flags that belong to it, and whether they go together. Pure.
#pragma once

#include "core/error.hpp"
#include "server/auth/credentials.hpp"
#include "server/http/listener.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace nodescope::auth {

struct access_options {
    access_options() = default;
    std::vector<std::string> methods{"local-peer"};  ///< each suffices; none: everybody
    bool insecure_listen = false;
    std::vector<uid_t> local_uids;        ///< empty: root and our own
    bool local_allows_forwarded = false;  ///< who comes through a container runtime counts as its user
    credential_paths files;
    std::vector<std::string> client_names;

    [[nodiscard]] bool has(std::string_view method) const;
    /// Of a caller on this machine, by local-peer.
    [[nodiscard]] bool admits_user(uid_t uid) const;
    [[nodiscard]] bool has_tls() const noexcept { return !files.certificate_file.empty(); }
};

/// failure::invalid names the flag that is missing, or given and not used.
result<void> check_options(const access_options& options);

/// Whether an address may be served with these options: one that other machines reach needs TLS and a method of access,
/// or --insecure-listen. failure::invalid otherwise.
result<void> check_exposure(const access_options& options, const http::listen_address& address);

}  // namespace nodescope::auth
