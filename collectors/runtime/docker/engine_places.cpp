#include "collectors/runtime/docker/engine_places.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::docker {

bool engine_places::has(const place& one, presence needed) const
{
    const http_client::endpoint& to = one.where.to;
    if (to.kind != http_client::endpoint::transport::unix_socket) return true;
    const int mode = needed == presence::usable ? W_OK : F_OK;
    if (::faccessat(AT_FDCWD, to.path.c_str(), mode, AT_EACCESS) != 0) return false;
    struct stat own {};
    if (others_.empty() || ::stat(to.path.c_str(), &own) != 0) return true;
    return std::none_of(others_.begin(), others_.end(), [&](const std::string& path) {
        struct stat other {};
        return ::stat(path.c_str(), &other) == 0 && other.st_dev == own.st_dev && other.st_ino == own.st_ino;
    });
}

const engine_places::place& engine_places::now() const
{
    for (const presence needed : {presence::usable, presence::exists}) {
        const auto found = std::find_if(all_.begin(), all_.end(), [&](const place& one) { return has(one, needed); });
        if (found != all_.end()) return *found;
    }
    return all_.front();
}

bool engine_places::present() const
{
    return std::any_of(all_.begin(), all_.end(), [this](const place& one) { return has(one, needed_); });
}

void engine_places::drop_idle()
{
    for (const place& one : all_) one.http->drop_idle();
}

}  // namespace nodescope::docker
