#include "collectors/application/container_application.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/root.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace nodescope::applications {

namespace {

/// What is read there is made when it is read, by the kernel or by somebody who may take as long as they like.
constexpr std::array<long, 5> refused_filesystems{PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
                                                  CGROUP2_SUPER_MAGIC, FUSE_SUPER_MAGIC};
constexpr std::size_t shown_path = 128;

result<unique_fd> open_plain_file(const std::string& inside, const std::string& path)
{
    const std::string shown = escape_untrusted(path, shown_path);
    const unique_fd found = files::open({inside, path}, O_PATH);
    if (!found) return from_errno(errno, fmt::format("open {} in the container", shown));
    struct stat status {};
    struct statfs filesystem {};
    if (::fstat(found.get(), &status) != 0 || ::fstatfs(found.get(), &filesystem) != 0) {
        return from_errno(errno, fmt::format("look at {} in the container", shown));
    }
    const bool refused = std::find(refused_filesystems.begin(), refused_filesystems.end(),
                                   static_cast<long>(filesystem.f_type)) != refused_filesystems.end();
    if (!S_ISREG(status.st_mode) || refused) {
        return error(failure::denied, fmt::format("{} in the container is no plain file", shown));
    }
    unique_fd file(::open(files::path_of(found).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return from_errno(errno, fmt::format("open {} in the container", shown));
    return file;
}

result<std::string> read_plain_file(const std::string& inside, const std::string& path)
{
    auto file = open_plain_file(inside, path);
    if (!file) return file.error();
    auto text = files::read_whole(file->get(), configuration_limit_bytes, escape_untrusted(path, shown_path));
    if (!text) return text.error();
    if (text->truncated) {
        return error(failure::too_large,
                     fmt::format("the configuration is longer than {} bytes", configuration_limit_bytes));
    }
    return std::move(text->text);
}

result<unique_fd> socket_in(const netlink::net_namespace& home, const netlink::net_namespace& where,
                            const http_client::endpoint& to)
{
    const int family = to.host.find(':') == std::string::npos ? AF_INET : AF_INET6;
    return netlink::run_in(home, where, [family]() -> result<unique_fd> {
        unique_fd made(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
        if (!made) return from_errno(errno, "socket");
        return made;
    });
}

result<prepared_collector> prepare(const std::string& inside, std::string_view name, const std::string& path,
                                   const netlink::net_namespace& home, const netlink::net_namespace& where)
{
    const auto text = read_plain_file(inside, path);
    if (!text) return text.error();
    auto what = parse_configuration(name, *text);
    if (!what) return what.error();
    auto socket = socket_in(home, where, what->to);
    if (!socket) return socket.error();
    return prepared_collector(std::move(*what), std::move(*socket));
}

/// By the runtime's word too: the first process may not let its namespaces be looked at.
bool is_on_network_of_node(const std::string& root, const netlink::net_namespace& home,
                           const netlink::net_namespace& space, const container& of)
{
    if (of.host_network || space.identity() == home.identity()) return true;
    const unique_fd init = files::open({root, "/proc/1"}, O_PATH | O_DIRECTORY);
    const auto node = init ? netlink::net_namespace::of_process(init.get()) : error();
    return node && node->identity() == space.identity();
}

}  // namespace

bool publishes(const container& of)
{
    const auto first = of.labels.lower_bound(std::string(label_prefix));
    return first != of.labels.end() && first->first.starts_with(label_prefix);
}

result<prepared_collectors> blocking_prepare(const std::string& root, const netlink::net_namespace& home,
                                             const container& of, deadline limit, const abandon_flag& abandoned)
{
    const auto process = host::process_handle::open(root, static_cast<pid_t>(of.pid));
    if (!process) return process.error();
    const host::container_claim claim(of.id, of.name, of.started_at);
    if (const auto proved = host::belongs_to_container(*process, root, claim); !proved) return proved.error();
    const auto space = netlink::net_namespace::of_process(process->directory());
    if (!space) return space.error();
    const unique_fd inside(::openat(process->directory(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!inside) return from_errno(errno, fmt::format("open {}/root", process->shown()));
    if (!process->alive()) return error(failure::gone, fmt::format("process {} has ended", process->pid()));
    if (is_on_network_of_node(root, home, *space, of)) {
        return error(failure::denied, "the container is on the network of the node, whose loopback is not its own");
    }
    prepared_collectors all;
    std::size_t seen = 0;
    for (auto label = of.labels.lower_bound(std::string(label_prefix));
         label != of.labels.end() && label->first.starts_with(label_prefix); ++label) {
        if (++seen > collector_limit || limit.passed() || abandoned.raised()) break;
        const std::string_view name = std::string_view(label->first).substr(label_prefix.size());
        auto made = prepare(files::path_of(inside), name, label->second, home, *space);
        if (made) {
            all.ready.push_back(std::move(*made));
        } else {
            all.failures.emplace_back(
                made.error().kind(),
                fmt::format("{}: {}", escape_untrusted(label->first, shown_path), made.error().message()));
        }
    }
    return all;
}

}  // namespace nodescope::applications
