#include "collectors/runtime/docker/endpoint.hpp"

#include "core/ascii.hpp"
#include "core/environment.hpp"
#include "core/files/bounded_file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace nodescope::docker {

using http_client::endpoint;
using http_client::server_address;

namespace {

error refused(std::string_view host, std::string_view why)
{
    return error(failure::invalid, fmt::format("docker host \"{}\": {}", escape_untrusted(host, 256), why));
}

result<server_address> parse_unix(std::string_view host, std::string_view path)
{
    if (path.empty()) path = default_host.substr(7);
    if (path.front() != '/') return refused(host, "the path of a socket begins with a slash: unix:///run/docker.sock");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return refused(host, "the path of a socket has at most 107 bytes");
    if (path.find('\0') != std::string_view::npos) return refused(host, "a path holds no NUL");
    return server_address(endpoint(endpoint::transport::unix_socket, std::string(path), "", 0), "",
                          "unix://" + std::string(path));
}

result<server_address> parse_tcp(std::string_view host, std::string_view rest, bool tls, bool insecure_tcp)
{
    const auto slash = rest.find('/');
    std::string_view base = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    while (base.ends_with('/')) base.remove_suffix(1);
    if (!std::all_of(base.begin(), base.end(), is_graphic) || base.find_first_of("?#%") != std::string_view::npos ||
        base.find("//") != std::string_view::npos || base.find("/.") != std::string_view::npos) {
        return refused(host, "the base path is not a plain path");
    }
    std::string authority(rest.substr(0, slash));
    if (authority.empty() || authority.front() == ':') authority.insert(0, "localhost");
    const auto transport = tls ? endpoint::transport::tls : endpoint::transport::tcp;
    auto where = http_client::parse_server(transport, "tcp", authority, tls ? 2376 : 2375, std::string(base));
    if (!where) return refused(host, "not of the form tcp://host:port or tcp://[v6 address]:port");
    if (!tls && !insecure_tcp && !where->is_loopback()) {
        return refused(host,
                       "plain TCP to another machine gives everybody on the way control of the node: use TLS "
                       "(DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH), or allow insecure TCP explicitly");
    }
    return where;
}

/// Larger than any bundle of certificates.
constexpr std::size_t tls_file_limit = 1U << 20U;

/// Into `text`, which stays empty when there is no such file.
result<void> read_if_there(const std::string& path, std::string& text)
{
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return {};
    const auto file = files::open_regular(path);
    auto content = file ? files::read_complete(*file, tls_file_limit, path) : result<std::string>(file.error());
    if (!content) return error(failure::invalid, fmt::format("docker TLS file: {}", content.error().message()));
    text = std::move(*content);
    return {};
}

}  // namespace

result<server_address> parse_endpoint(std::string_view host, bool tls, bool insecure_tcp)
{
    if (host.empty()) host = default_host;
    const auto colon = host.find("://");
    if (colon == std::string_view::npos) {
        // The docker command takes these for host names; whoever writes them means a socket.
        if (host.front() == '/')
            return refused(host, fmt::format("a socket is written unix://{}", escape_untrusted(host)));
        if (host.starts_with("unix:")) {
            return refused(host, fmt::format("a socket is written unix://{}", escape_untrusted(host.substr(5))));
        }
        return parse_tcp(host, host, tls, insecure_tcp);
    }
    const std::string_view scheme = host.substr(0, colon);
    const std::string_view rest = host.substr(colon + 3);
    if (scheme == "unix") return parse_unix(host, rest);
    if (scheme == "tcp") return parse_tcp(host, rest, tls, insecure_tcp);
    if (scheme == "http" || scheme == "https") return refused(host, "write tcp://, with DOCKER_TLS_VERIFY=1 for TLS");
    return refused(host, "unix:// and tcp:// are the supported forms");
}

result<http_client::tls_identity> read_tls_files(const std::string& directory)
{
    http_client::tls_identity identity;
    if (directory.empty()) return error(failure::invalid, "docker: TLS needs DOCKER_CERT_PATH");
    const std::pair<const char*, std::string*> files[] = {
        {"ca.pem", &identity.ca_pem}, {"cert.pem", &identity.certificate_pem}, {"key.pem", &identity.key_pem}};
    for (const auto& [name, target] : files) {
        if (const auto read = read_if_there(directory + "/" + name, *target); !read) return read.error();
    }
    return identity;
}

std::vector<std::string> usual_sockets()
{
    std::vector<std::string> usual{std::string(default_host.substr(default_host.find('/') + 2))};
    std::vector<std::string> folders{fmt::format("/run/user/{}", ::geteuid())};
    if (std::string own = environment_variable("XDG_RUNTIME_DIR"); own.starts_with('/') && own != folders.front()) {
        folders.insert(folders.begin(), std::move(own));
    }
    for (const std::string& folder : folders) usual.push_back(folder + "/docker.sock");
    return usual;
}

client_options options_from_environment(steady_clock::duration timeout)
{
    client_options options(timeout);
    options.api_version = environment_variable("DOCKER_API_VERSION");
    options.tls = !environment_variable("DOCKER_TLS_VERIFY").empty();
    options.certificate_directory = environment_variable("DOCKER_CERT_PATH");
    if (options.certificate_directory.empty())
        options.certificate_directory = environment_variable("HOME") + "/.docker";
    return options;
}

}  // namespace nodescope::docker
