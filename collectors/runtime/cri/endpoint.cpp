#include "collectors/runtime/cri/endpoint.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

namespace nodescope::cri {

std::vector<files::place> usual_sockets(const std::string& root)
{
    return {{root, "/run/containerd/containerd.sock"}, {root, "/run/crio/crio.sock"}, {root, "/run/cri-dockerd.sock"}};
}

result<std::string> parse_endpoint(std::string_view text)
{
    std::string_view path = text;
    if (path.starts_with("unix://")) path.remove_prefix(std::string_view("unix://").size());
    const bool fits = path.size() < sizeof(sockaddr_un::sun_path) && path.find('\0') == std::string_view::npos;
    if (path.starts_with('/') && fits) return std::string(path);
    return error(failure::invalid, fmt::format("\"{}\" is no CRI endpoint: it is the path of a Unix socket of at most "
                                               "{} bytes, like unix:///run/containerd/containerd.sock",
                                               escape_untrusted(text, 128), sizeof(sockaddr_un::sun_path) - 1));
}

std::optional<files::place> endpoint_choice::chosen() const
{
    for (const files::place& one : places_) {
        if (configured_ || files::open(one, O_PATH)) return one;
    }
    return std::nullopt;
}

std::string endpoint_choice::text() const
{
    const auto one = chosen();
    return one ? "unix://" + one->shown() : all();
}

std::string endpoint_choice::all() const
{
    std::string all;
    for (const files::place& one : places_) all += (all.empty() ? "" : ", ") + one.shown();
    return all;
}

error endpoint_choice::nobody() const
{
    return error(failure::disabled, fmt::format("there is no CRI runtime at any of {}", all()));
}

bool endpoint_choice::is_usable() const
{
    const auto where = chosen();
    const unique_fd socket = where ? files::open(*where, O_PATH) : unique_fd();
    return socket && ::faccessat(AT_FDCWD, files::path_of(socket).c_str(), W_OK, AT_EACCESS) == 0;
}

}  // namespace nodescope::cri
