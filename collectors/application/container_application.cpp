#include "collectors/application/container_application.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "core/files/foreign_file.hpp"
#include "core/files/root.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/socket.h>

namespace nodescope::applications {

namespace {

constexpr std::size_t shown_path = 128;

result<std::string> read_configuration(const unique_fd& inside, const std::string& path)
{
    auto text = files::read_foreign_file(inside, path, configuration_limit_bytes);
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

result<prepared_collector> prepare(const unique_fd& inside, std::string_view name, const std::string& path,
                                   const netlink::net_namespace& home, const netlink::net_namespace& where)
{
    const auto text = read_configuration(inside, path);
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
    const auto inside = files::open_root_of(process->directory());
    if (!inside) return inside.error();
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
        auto made = prepare(*inside, name, label->second, home, *space);
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
