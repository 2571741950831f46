#include "collectors/cadvisor/measurement.hpp"

#include "collectors/host/cgroup/cgroup_age.hpp"
#include "collectors/host/cgroup/container_choice.hpp"
#include "collectors/host/cgroup/container_search.hpp"
#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/files/root.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::cadvisor {

namespace {

/// Looked at to tell sockets from other descriptors, each for half a microsecond and, in the kernel, an inode that
/// counts as the service's memory until it is reclaimed: what one container has, and all of them, in a pass.
constexpr std::size_t links_of_a_container = 16'384;
constexpr std::size_t links_of_a_pass = 131'072;

template <class Group>
std::shared_ptr<const Group> shared_group(std::optional<Group>& group)
{
    return group ? std::make_shared<const Group>(std::move(*group)) : nullptr;
}

/// Where it may not be looked at, no.
bool is_on_node_network(const std::string& root, const host::process_handle& process)
{
    const unique_fd node = files::open({root, "/proc/1/ns"}, O_PATH | O_DIRECTORY);
    struct stat own {};
    struct stat of_node {};
    return node && ::fstatat(node.get(), "net", &of_node, 0) == 0 &&
           ::fstatat(process.directory(), "ns/net", &own, 0) == 0 && own.st_dev == of_node.st_dev &&
           own.st_ino == of_node.st_ino;
}

/// The network of a process that is proved to be the container's; that of init is the node's. Nothing for a container
/// on the node's.
result<std::optional<host::network_reader>> open_network(const std::string& root, const measuring_order& order)
{
    auto process = host::process_handle::open(root, order.pid);
    if (!process) return process.error();
    if (!order.id.empty()) {
        const host::container_claim claim(order.id, order.path, order.started_at);
        const auto belongs = host::belongs_to_container(*process, root, claim);
        if (!belongs) return belongs.error();
        if (is_on_node_network(root, *process)) return std::optional<host::network_reader>();
    }
    const auto whose = order.id.empty() ? host::network_owner::node : host::network_owner::container;
    return std::optional<host::network_reader>(std::in_place, std::move(*process), whose);
}

/// A container has one or two; who may make interfaces in it can make thousands. The node has one for each container.
constexpr std::size_t interfaces_of_container = 64;
constexpr std::size_t interfaces_of_node = 512;

void keep_first_interfaces(host::network_usage& usage, std::size_t limit)
{
    if (usage.interfaces.size() <= limit) return;
    usage.interfaces_left_out = usage.interfaces.size() - limit;
    usage.interfaces.erase(usage.interfaces.begin() + static_cast<std::ptrdiff_t>(limit), usage.interfaces.end());
    usage.interfaces.shrink_to_fit();
}

void measure_network(const std::string& root, const measuring_order& order, bool sockets, deadline limit,
                     const abandon_flag& abandoned, measurement& taken)
{
    opened_container& opened = *order.opened;
    if (opened.network_of != order.pid) {
        opened.network.reset();
        opened.on_node_network = false;
    }
    if (order.pid == 0 || opened.on_node_network) return;
    if (!opened.network) {
        auto reader = open_network(root, order);
        if (!reader) {
            taken.network_gone = reader.error().kind() == failure::gone || reader.error().kind() == failure::conflict;
            return;
        }
        opened.network_of = order.pid;
        opened.on_node_network = !*reader;
        if (!*reader) return;
        opened.network.emplace(std::move(**reader));
    }
    auto usage = opened.network->blocking_read(limit, abandoned, sockets);
    if (usage) {
        keep_first_interfaces(*usage, order.path == "/" ? interfaces_of_node : interfaces_of_container);
        taken.values.network = std::make_shared<const host::network_usage>(std::move(*usage));
    } else if (usage.error().kind() == failure::gone) {
        taken.network_gone = true;
        opened.network.reset();
    }
}

/// Of a container also those in cgroups below its own (a systemd in it makes some), its first process first.
result<std::vector<pid_t>> processes_of(const std::string& root, const host::cgroup_layout& layout,
                                        const host::cgroup_reader& of, const measuring_order& order, deadline limit,
                                        const abandon_flag& abandoned)
{
    if (order.id.empty()) return of.blocking_processes();
    host::container_place place;
    place.mount = layout.hierarchies[static_cast<std::size_t>(host::usual_hierarchy(layout))];
    place.path = order.path;
    const auto found = host::blocking_read_container_processes(root, place, limit, abandoned);
    if (!found) return found.error();
    std::vector<pid_t> numbers;
    numbers.reserve(found->size());
    for (const host::cgroup_process& one : *found) numbers.push_back(one.pid);
    return numbers;
}

/// Counts that were cut short are left out: half a count would be a wrong one.
void count_descriptors(const std::string& root, const std::vector<pid_t>& processes, std::size_t& links, deadline limit,
                       const abandon_flag& abandoned, host::process_usage& to)
{
    host::process_usage counted = to;
    std::size_t own_links = std::min(links, links_of_a_container);
    links -= own_links;
    const auto done = host::blocking_count_descriptors(root, processes, counted, own_links, limit, abandoned);
    links += own_links;
    if (!done) return;
    // Also those whose descriptors we may not see.
    counted.process_count = processes.size();
    if (!processes.empty()) counted.open_files = host::blocking_read_open_files_limit(root, processes.front());
    to = counted;
}

/// Of a cgroup and of those above it, which were there before.
void note_use(discovery& seen, std::string path, time_point since)
{
    for (; !path.empty(); path.resize(path.rfind('/'))) {
        time_point& known = seen.in_use.try_emplace(path, since).first->second;
        known = std::min(known, since);
    }
}

measurement not_measured(const error& why)
{
    measurement none;
    none.gone = why.kind() == failure::gone;
    none.left_out = !none.gone;
    return none;
}

/// Two passes may want the same container at once, and reading one takes less than a millisecond: who has it longer
/// hangs in the kernel, and nobody waits for that.
std::unique_lock<std::mutex> lock_for_a_reading(std::mutex& busy)
{
    constexpr std::chrono::milliseconds patience{20};
    std::unique_lock<std::mutex> mine(busy, std::try_to_lock);
    for (const auto end = steady_clock::now() + patience; !mine && steady_clock::now() < end; mine.try_lock()) {
        std::this_thread::yield();
    }
    return mine;
}

measurement measure_one(const std::shared_ptr<host::cgroup_tree>& tree, const std::string& root,
                        const measuring_order& order, counting also, std::size_t& links, deadline limit,
                        const abandon_flag& abandoned)
{
    measurement taken;
    opened_container& opened = *order.opened;
    const std::unique_lock<std::mutex> mine = lock_for_a_reading(opened.busy);
    if (!mine || limit.passed() || abandoned.raised()) {
        taken.left_out = true;
        return taken;
    }
    if (!opened.figures) {
        auto reader = host::cgroup_reader::blocking_open(tree, order.path);
        if (!reader) return not_measured(reader.error());
        opened.figures.emplace(std::move(*reader));
    }
    if (order.kills) taken.kills = opened.figures->blocking_oom_kills();
    if (order.limits) {
        if (auto limits = opened.figures->blocking_limits()) taken.limits = std::move(*limits);
    }
    if (!order.figures) return taken;
    taken.values.timestamp = std::chrono::system_clock::now();
    auto figures = opened.figures->blocking_read();
    if (!figures) {
        opened.figures.reset();
        return not_measured(figures.error());
    }
    taken.values.cpu = shared_group(figures->cpu);
    taken.values.memory = shared_group(figures->memory);
    taken.values.io = shared_group(figures->io);
    if (also.descriptors && figures->processes) {
        const auto processes = processes_of(root, tree->layout(), *opened.figures, order, limit, abandoned);
        if (processes) count_descriptors(root, *processes, links, limit, abandoned, *figures->processes);
    }
    taken.values.processes = shared_group(figures->processes);
    taken.values.pressures = shared_group(figures->pressures);
    measure_network(root, order, also.sockets, limit, abandoned, taken);
    return taken;
}

}  // namespace

std::vector<measurement> blocking_measure(const std::shared_ptr<host::cgroup_tree>& tree, const std::string& root,
                                          const std::vector<measuring_order>& orders, counting also, deadline limit,
                                          const abandon_flag& abandoned)
{
    std::vector<measurement> taken;
    taken.reserve(orders.size());
    std::size_t links = links_of_a_pass;
    tree->blocking_begin_pass();
    for (const measuring_order& order : orders) {
        taken.push_back(measure_one(tree, root, order, also, links, limit, abandoned));
    }
    return taken;
}

tree_watch::tree_watch() : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK))
{
    if (!inotify_) failed_ = errno;
}

bool tree_watch::changed() const
{
    // Not all of them: 16,384 notices with long names are megabytes, and whoever may make cgroups makes more.
    std::array<char, 4096> notices;
    return failed_ != 0 || ::read(inotify_.get(), notices.data(), notices.size()) > 0;
}

void tree_watch::blocking_begin_pass() noexcept
{
    if (!inotify_) return;
    failed_ = 0;
    // The pass sees all that they are about. More than the kernel keeps (fs.inotify.max_queued_events) came meanwhile.
    int reads_left = 4096;
    std::array<char, 4096> notices;
    while (reads_left > 0 && ::read(inotify_.get(), notices.data(), notices.size()) > 0) --reads_left;
}

bool tree_watch::blocking_add(const host::cgroup_tree& tree, const std::string& path)
{
    if (!inotify_) return false;
    watch_numbers numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const int hierarchy = tree.layout().hierarchy(watched_controllers.at(i));
        const bool mounted = hierarchy >= 0 && tree.descriptor(static_cast<std::size_t>(hierarchy)) >= 0;
        const std::string directory = mounted ? tree.address(static_cast<std::size_t>(hierarchy), path) : std::string();
        // The number of a directory that is watched already, else a new one: the kernel drops a watch with its
        // directory and gives numbers out only once.
        numbers.at(i) =
            mounted ? ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_CREATE | IN_DELETE | IN_ONLYDIR) : -1;
        // A cgroup need not be in every hierarchy, or may be gone by now.
        if (mounted && numbers.at(i) < 0 && errno != ENOENT) failed_ = errno;
    }
    watch_numbers& before = watched_.try_emplace(path, watch_numbers{}).first->second;
    return std::exchange(before, numbers) != numbers;
}

void tree_watch::blocking_forget_others(const std::vector<std::string>& present)
{
    std::erase_if(watched_,
                  [&](const auto& one) { return !std::binary_search(present.begin(), present.end(), one.first); });
}

std::map<std::string, std::string> blocking_read_container_paths(const std::string& root,
                                                                 const std::vector<init_claim>& claims, deadline limit,
                                                                 const abandon_flag& abandoned)
{
    constexpr std::size_t cgroup_text_limit = 64UL * 1024UL;
    std::map<std::string, std::string> paths;
    for (const init_claim& claim : claims) {
        if (limit.passed() || abandoned.raised()) break;
        const auto process = host::process_handle::open(root, claim.pid);
        if (!process) continue;
        const auto text = process->read("cgroup", cgroup_text_limit);
        if (!text || !process->alive()) continue;
        std::string path = host::container_path(text->text, claim.container.id);
        if (!path.empty() && !host::belongs_to_container(*process, root, claim.container)) path.clear();
        paths[claim.container.id] = std::move(path);
    }
    return paths;
}

result<discovery> blocking_discover(opened_tree& where, const std::string& root, const std::set<std::string>& known,
                                    deadline limit, const abandon_flag& abandoned)
{
    const std::unique_lock<std::mutex> mine(where.busy, std::try_to_lock);
    if (!mine) return error(failure::overloaded, "cgroups: an earlier look at the tree hangs in the kernel");
    if (!where.tree) {
        auto layout = host::blocking_read_cgroup_layout(root);
        if (!layout) return layout.error();
        auto tree = host::cgroup_tree::blocking_open(std::move(*layout));
        if (!tree) return tree.error();
        where.tree = std::move(*tree);
    }
    const host::cgroup_layout& layout = where.tree->layout();
    discovery seen;
    // What appears in a directory between the walk and its watch is seen by one more walk.
    constexpr int walks = 3;
    where.watch.blocking_begin_pass();
    for (int walk = 0; walk < walks; ++walk) {
        auto found = host::blocking_find_cgroups(layout, limit, abandoned);
        if (!found) return found.error();
        seen.found = std::move(*found);
        where.watch.blocking_forget_others(seen.found.paths);
        bool news = false;
        for (const std::string& path : seen.found.paths) news = where.watch.blocking_add(*where.tree, path) || news;
        if (!news) break;
    }
    seen.unwatched = where.watch.failure_code();
    const auto boot_seconds = host::blocking_read_boot_time(root);
    const auto boot_time = boot_seconds ? time_point(std::chrono::seconds(*boot_seconds)) : time_point();
    for (const std::string& path : seen.found.paths) {
        if (known.contains(path)) continue;
        const auto created = where.tree->blocking_creation_time(path, boot_time);
        seen.created[path] = created.value_or(std::chrono::system_clock::now());
        if (path == "/") continue;
        if (const auto oldest = host::blocking_oldest_process(*where.tree, path, boot_time))
            note_use(seen, path, *oldest);
    }
    for (const std::string& path : known) {
        if (std::binary_search(seen.found.paths.begin(), seen.found.paths.end(), path)) continue;
        const bool there = seen.found.truncated && where.tree->blocking_creation_time(path, boot_time);
        (there ? seen.displaced : seen.gone).push_back(path);
    }
    seen.node.memory = host::parse_meminfo(host::blocking_read_meminfo(root), "MemTotal");
    seen.node.processors = std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
    return seen;
}

}  // namespace nodescope::cadvisor
