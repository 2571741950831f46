#include "collectors/runtime/docker/endpoint.hpp"

#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "core/url_text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace nodescope::docker {

using http_client::endpoint;

namespace {

error refused(std::string_view host, std::string_view why)
{
    return error(failure::invalid, fmt::format("docker host \"{}\": {}", escape_untrusted(host, 256), why));
}

bool is_graphic(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

result<daemon_endpoint> parse_unix(std::string_view host, std::string_view path)
{
    if (path.empty()) path = default_host.substr(7);
    if (path.front() != '/') return refused(host, "the path of a socket begins with a slash: unix:///run/docker.sock");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return refused(host, "the path of a socket has at most 107 bytes");
    if (path.find('\0') != std::string_view::npos) return refused(host, "a path holds no NUL");
    return daemon_endpoint(endpoint(endpoint::transport::unix_socket, std::string(path), "", 0), "",
                           "unix://" + std::string(path));
}

result<daemon_endpoint> parse_tcp(std::string_view host, std::string_view rest, bool tls, bool insecure_tcp)
{
    const auto slash = rest.find('/');
    std::string_view base = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    while (base.ends_with('/')) base.remove_suffix(1);
    if (!is_graphic(base) || base.find_first_of("?#%") != std::string_view::npos ||
        base.find("//") != std::string_view::npos || base.find("/.") != std::string_view::npos) {
        return refused(host, "the base path is not a plain path");
    }
    std::string authority(rest.substr(0, slash));
    if (authority.empty() || authority.front() == ':') authority.insert(0, "localhost");
    const auto parts = parse_host_and_port(authority);
    if (!parts || parts->port == 0) {
        return refused(host, "not of the form tcp://host:port or tcp://[v6 address]:port");
    }
    if (!tls && !insecure_tcp && !is_loopback_host(parts->host)) {
        return refused(host,
                       "plain TCP to another machine gives everybody on the way control of the node: use TLS "
                       "(DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH), or allow insecure TCP explicitly");
    }
    const std::uint16_t number = parts->port.value_or(tls ? 2376 : 2375);
    std::string text = fmt::format("tcp://{}{}", authority_text(parts->host, number), base);
    const auto transport = tls ? endpoint::transport::tls : endpoint::transport::tcp;
    return daemon_endpoint(endpoint(transport, "", std::string(parts->host), number), std::string(base),
                           std::move(text));
}

/// The content, nothing when there is no such file, or why it cannot be read.
result<std::optional<std::string>> read_optional(const std::string& path)
{
    constexpr std::size_t largest = 1U << 20U;
    const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file && errno == ENOENT) return std::optional<std::string>();
    if (!file) return error(failure::invalid, from_errno(errno, "docker TLS file " + path).message());
    std::string content;
    for (;;) {
        char bytes[4096];
        const ssize_t got = ::read(file.get(), bytes, sizeof(bytes));
        if (got < 0) return error(failure::invalid, from_errno(errno, "docker TLS file " + path).message());
        if (got == 0) return std::optional(std::move(content));
        content.append(bytes, static_cast<std::size_t>(got));
        if (content.size() > largest) return error(failure::invalid, "docker TLS file " + path + ": larger than 1 MiB");
    }
}

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

result<daemon_endpoint> parse_endpoint(std::string_view host, bool tls, bool insecure_tcp)
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
        auto content = read_optional(directory + "/" + name);
        if (!content) return content.error();
        if (*content) *target = std::move(**content);
    }
    return identity;
}

client_options options_from_environment(steady_clock::duration timeout)
{
    client_options options(timeout);
    options.host = variable("DOCKER_HOST");
    options.api_version = variable("DOCKER_API_VERSION");
    options.tls = !variable("DOCKER_TLS_VERIFY").empty();
    options.certificate_directory = variable("DOCKER_CERT_PATH");
    if (options.certificate_directory.empty()) options.certificate_directory = variable("HOME") + "/.docker";
    return options;
}

}  // namespace nodescope::docker
