#include "server/auth/access_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::auth {

namespace {

error missing(std::string_view given, std::string_view needed)
{
    return error(failure::invalid, fmt::format("{} needs {}", given, needed));
}

/// A method and the flag that only it uses: both or neither.
result<void> check_pair(bool method, std::string_view method_text, bool flag, std::string_view flag_text)
{
    if (method && !flag) return missing(method_text, flag_text);
    if (flag && !method) return missing(flag_text, method_text);
    return {};
}

}  // namespace

bool access_options::has(std::string_view method) const
{
    return std::find(methods.begin(), methods.end(), method) != methods.end();
}

bool access_options::admits_user(uid_t uid) const
{
    return has("local-peer") && std::find(local_uids.begin(), local_uids.end(), uid) != local_uids.end();
}

result<void> check_options(const access_options& options)
{
    if (options.methods.empty()) return error(failure::invalid, "--auth names no method");
    if (options.has("none") && options.methods.size() > 1) {
        return error(failure::invalid, "--auth none admits everybody, and goes with no other method");
    }
    const credential_paths& files = options.files;
    if (files.certificate_file.empty() != files.key_file.empty()) {
        return error(failure::invalid, "--tls-cert-file and --tls-key-file go together");
    }
    const bool certificates = options.has("client-certificate");
    if (certificates && !options.has_tls()) return missing("--auth client-certificate", "--tls-cert-file");
    for (const auto& checked :
         {check_pair(options.has("token-file"), "--auth token-file", !files.token_file.empty(), "--token-file"),
          check_pair(options.has("basic"), "--auth basic", !files.password_file.empty(), "--password-file"),
          check_pair(certificates, "--auth client-certificate", !files.client_ca_file.empty(), "--client-ca-file"),
          check_pair(certificates, "--auth client-certificate", !options.client_names.empty(),
                     "--allow-client-name")}) {
        if (!checked) return checked;
    }
    if (!options.local_uids.empty() && !options.has("local-peer")) {
        return missing("--local-peer-uid", "--auth local-peer");
    }
    if (options.local_allows_forwarded && !options.has("local-peer")) {
        return missing("--local-peer-allow-forwarded", "--auth local-peer");
    }
    return {};
}

result<void> check_exposure(const access_options& options, const http::listen_address& address)
{
    if (options.insecure_listen || http::is_local(address)) return {};
    const auto refused = [&](std::string_view why) {
        return error(failure::invalid,
                     fmt::format("listen address \"{}\" can be reached from other machines, and {}; use a loopback "
                                 "address, or --insecure-listen if it is meant to be like this",
                                 address.text, why));
    };
    if (options.has("none"))
        return refused("there is no authentication: everybody who can connect could read this node");
    const bool only_local = std::all_of(options.methods.begin(), options.methods.end(),
                                        [](const std::string& method) { return method == "local-peer"; });
    if (only_local)
        return refused("local-peer admits callers of this machine only: give --auth another method as well");
    if (!options.has_tls()) return refused("without TLS credentials would travel in the clear: give --tls-cert-file");
    return {};
}

}  // namespace nodescope::auth
