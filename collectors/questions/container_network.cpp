#include "collectors/questions/container_network.hpp"

#include "collectors/host/cgroup/container_choice.hpp"
#include "collectors/host/disk/mountinfo.hpp"
#include "core/files/file_status.hpp"
#include "core/files/root.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include <asm/socket.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace nodescope {

namespace {

using netlink::namespace_identity;

constexpr std::size_t cgroup_text_limit = 64UL * 1024UL;
/// More are not opened to compare their ages: who makes that many wants none of them to be found.
constexpr std::size_t namespaces_compared = 16;
/// A sentence names no more.
constexpr std::size_t processes_named = 5;
/// The kernel hands cookies out in batches of this many, a batch to a processor (gen_cookie_next,
/// include/linux/cookie.h).
constexpr std::uint64_t cookie_batch = 4096;

/// A namespace that processes of the container are in.
struct candidate {
    namespace_identity identity;
    std::vector<pid_t> processes;
};

std::optional<namespace_identity> identity_of(const std::optional<struct stat>& file)
{
    if (!file) return std::nullopt;
    return namespace_identity{file->st_dev, file->st_ino};
}

/// SO_NETNS_COOKIE (Linux 5.14), which each namespace gets when it is made; 0: not told.
std::uint64_t cookie_of(const netlink::net_namespace& space)
{
    const auto home = netlink::net_namespace::of_this_thread();
    if (!home) return 0;
    const auto open = [] { return result<unique_fd>(unique_fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))); };
    const auto socket = netlink::run_in(*home, space, open);
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (!socket || ::getsockopt(socket->get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) return 0;
    return cookie;
}

/// "default" is the daemon's own namespace, and a daemon in a container has a file of that name elsewhere.
bool names_network(const std::string& path) { return path.starts_with('/') && !path.ends_with("/default"); }

/// Whether that namespace is what network_mounted_on() would give. A file that has its numbers is on its file system,
/// so nothing else has to be asked about it.
bool is_mounted_on(const std::string& root, const std::string& path, namespace_identity space)
{
    return names_network(path) && identity_of(files::status_of({root, path})) == space;
}

/// The container's processes and where they are, `init` among them. Cgroups of containers inside it are left out.
std::vector<candidate> blocking_look_around(const std::string& root, const host::process_handle& init,
                                            const container& owner, deadline limit, const abandon_flag& abandoned)
{
    std::vector<candidate> all;
    const auto processes = blocking_processes_of_container(root, init, owner.id, limit, abandoned);
    const std::size_t looked_at = std::min(processes.size(), network_witnesses);
    for (std::size_t i = 0; i < looked_at; ++i) {
        const pid_t pid = processes[i].pid;
        const auto identity = network_of_process(root, pid);
        if (!identity) continue;
        const auto same = [&](const candidate& one) { return one.identity == *identity; };
        auto known = std::find_if(all.begin(), all.end(), same);
        if (known == all.end()) {
            known = all.insert(all.end(), candidate());
            known->identity = *identity;
        }
        known->processes.push_back(pid);
    }
    return all;
}

/// Opened through one of its processes, which is still the one that was looked at: the namespace says so.
std::optional<container_network> open_one(const std::string& root, const candidate& which)
{
    for (const pid_t pid : which.processes) {
        auto process = host::process_handle::open(root, pid);
        if (!process) continue;
        auto space = netlink::net_namespace::of_process(process->directory());
        if (!space || space->identity() != which.identity || !process->alive()) continue;
        return container_network(std::move(*process), std::move(*space));
    }
    return std::nullopt;
}

std::string numbers_of(const std::vector<pid_t>& all)
{
    const std::vector<pid_t> some(all.begin(),
                                  all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), processes_named)));
    return fmt::format("{}{}", joined(some, ", "), all.size() > some.size() ? ", ..." : "");
}

/// The network namespaces that are mounted where process 1 sees them, as runtimes keep those that they set up. No
/// container can mount anything there, unless a volume of it propagates its mounts to the node.
std::set<ino_t> blocking_mounted_by_the_node(const std::string& root)
{
    std::set<ino_t> all;
    const auto mounts = host::blocking_read_mountinfo(root);
    if (!mounts) return all;
    host::for_each_mount(mounts->text, [&](const host::mount_line& one) {
        std::string_view name = one.root;
        if (one.type != "nsfs" || !name.starts_with("net:[") || !name.ends_with(']')) return;
        name.remove_prefix(std::string_view("net:[").size());
        name.remove_suffix(1);
        if (const auto inode = whole_number<ino_t>(name)) all.insert(*inode);
    });
    return all;
}

/// The only one that is mounted there; null where none is, or several are.
const candidate* blocking_find_mounted(const std::string& root, const std::vector<candidate>& all)
{
    const std::set<ino_t> mounted = blocking_mounted_by_the_node(root);
    const candidate* only = nullptr;
    for (const candidate& one : all) {
        if (!mounted.contains(one.identity.inode)) continue;
        if (only != nullptr) return nullptr;
        only = &one;
    }
    return only;
}

/// The oldest; null where the kernel does not say. Those that have gone meanwhile are dropped from `all`.
const candidate* blocking_find_oldest(const std::string& root, std::vector<candidate>& all)
{
    if (all.size() > namespaces_compared) return nullptr;
    std::vector<std::uint64_t> cookies;
    cookies.reserve(all.size());
    std::erase_if(all, [&](const candidate& one) {
        const auto opened = open_one(root, one);
        if (opened) cookies.push_back(cookie_of(opened->space));
        return !opened;
    });
    const auto oldest = oldest_network(cookies);
    return oldest ? &all[*oldest] : nullptr;
}

/// Of several networks the one that the container was given; without a proof that of its first process.
container_network blocking_choose(const std::string& root, container_network of_init, std::vector<candidate> all)
{
    const auto first = [&](const candidate& one) { return one.identity == of_init.space.identity(); };
    const pid_t pid = of_init.process.pid();
    const candidate* chosen = blocking_find_mounted(root, all);
    const bool mounted = chosen != nullptr;
    if (mounted && first(*chosen)) return of_init;
    if (!mounted) chosen = blocking_find_oldest(root, all);
    auto opened = chosen == nullptr || first(*chosen) ? std::nullopt : open_one(root, *chosen);
    if (opened && mounted) {
        opened->note = fmt::format(
            "the container's first process ({}) has left the network that a runtime of the node set up, which is "
            "shown: processes {}",
            pid, numbers_of(chosen->processes));
        return std::move(*opened);
    }
    if (opened) {
        opened->note = fmt::format(
            "the container's processes are in {} networks: the first that it had is shown (processes {}), its first "
            "process ({}) is in another",
            all.size(), numbers_of(chosen->processes), pid);
        return std::move(*opened);
    }
    std::vector<pid_t> others;
    for (const candidate& one : all) {
        if (!first(one)) others.insert(others.end(), one.processes.begin(), one.processes.end());
    }
    if (others.empty()) return of_init;
    const bool proved = chosen != nullptr && first(*chosen);
    of_init.note =
        fmt::format("the container's processes are in {} networks{}: that of its first ({}) is shown, in others are {}",
                    all.size(), proved ? "" : ", and which it had first is not known", pid, numbers_of(others));
    return of_init;
}

}  // namespace

std::optional<namespace_identity> network_mounted_on(const std::string& root, const std::string& path)
{
    if (!names_network(path)) return std::nullopt;
    const unique_fd opened = files::open({root, path}, O_PATH);
    struct statfs system {};
    struct stat status {};
    if (!opened || ::fstatfs(opened.get(), &system) != 0 || system.f_type != NSFS_MAGIC) return std::nullopt;
    if (::fstat(opened.get(), &status) != 0) return std::nullopt;
    return identity_of(status);
}

std::optional<namespace_identity> network_of_process(const std::string& root, pid_t pid)
{
    const files::place spaces(root, fmt::format("/proc/{}/ns", pid));
    // The link is of the kernel's making: below another root it is followed from its directory only.
    if (files::is_own_root(root)) return identity_of(files::status_of(spaces / "net"));
    const unique_fd directory = files::open(spaces, O_PATH | O_DIRECTORY);
    struct stat status {};
    if (!directory || ::fstatat(directory.get(), "net", &status, 0) != 0) return std::nullopt;
    return identity_of(status);
}

std::optional<std::size_t> oldest_network(const std::vector<std::uint64_t>& cookies)
{
    const auto batch = [](std::uint64_t cookie) { return (cookie - 1) / cookie_batch; };
    const auto comparable = [&](std::uint64_t cookie) {
        return cookie != 0 && batch(cookie) == batch(cookies.front());
    };
    if (cookies.empty() || !std::all_of(cookies.begin(), cookies.end(), comparable)) return std::nullopt;
    return static_cast<std::size_t>(std::min_element(cookies.begin(), cookies.end()) - cookies.begin());
}

std::vector<host::cgroup_process> blocking_processes_of_container(const std::string& root,
                                                                  const host::process_handle& init,
                                                                  const std::string& id, deadline limit,
                                                                  const abandon_flag& abandoned)
{
    const auto text = init.read("cgroup", cgroup_text_limit);
    if (!text) return {};
    const std::string path = host::container_path(text->text, id);
    // The numbers in cgroup.procs are ours: of use only where the root's /proc counts as we do.
    if (path.empty() || path.starts_with("/..") || init.pidfd() < 0) return {};
    for (const std::string_view mount : {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"}) {
        host::container_place place;
        place.id = id;
        place.mount = mount;
        place.path = path;
        auto processes = host::blocking_read_container_processes(root, place, limit, abandoned);
        if (processes && !processes->empty()) return std::move(*processes);
    }
    return {};
}

bool is_node_network(const std::string& root, namespace_identity space)
{
    // The one process whose namespaces are the node's.
    if (const auto node = network_of_process(root, 1)) return space == *node;
    return identity_of(files::status_of({"/", "/proc/thread-self/ns/net"})) == space;
}

result<container_network> blocking_find_network(const std::string& root, host::process_handle init,
                                                const container& owner, deadline limit, const abandon_flag& abandoned)
{
    auto space = netlink::net_namespace::of_process(init.directory());
    if (!space) return space.error();
    const namespace_identity of_init = space->identity();
    const pid_t pid = init.pid();
    container_network found(std::move(init), std::move(*space));
    if (is_mounted_on(root, owner.network_file, of_init)) return found;

    const auto told = network_mounted_on(root, owner.network_file);
    std::vector<candidate> all = blocking_look_around(root, found.process, owner, limit, abandoned);
    const auto elsewhere = [&](const candidate& one) { return one.identity != of_init; };
    // Of a process whose first thread has ended, that it is in its network is not seen from outside.
    if (std::all_of(all.begin(), all.end(), elsewhere)) all.push_back({of_init, {pid}});
    if (told) {
        const auto real = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.identity == *told; });
        auto opened = real == all.end() ? std::nullopt : open_one(root, *real);
        if (!opened) {
            found.note = fmt::format(
                "not the network that {} set up: the container's first process ({}) has left it, and no other is in it",
                owner.runtime, pid);
            return found;
        }
        opened->note = fmt::format(
            "the container's first process ({}) has left the network that {} set up, which is shown: processes {}", pid,
            owner.runtime, numbers_of(real->processes));
        return std::move(*opened);
    }
    std::erase_if(all,
                  [&](const candidate& one) { return one.identity != of_init && is_node_network(root, one.identity); });
    if (std::none_of(all.begin(), all.end(), elsewhere)) return found;

    return blocking_choose(root, std::move(found), std::move(all));
}

}  // namespace nodescope
