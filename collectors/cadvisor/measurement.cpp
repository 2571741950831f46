#include "collectors/cadvisor/measurement.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "core/files/bounded_file.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include <sys/inotify.h>
#include <unistd.h>

namespace nodescope::cadvisor {

namespace {

template <class Group>
std::shared_ptr<const Group> shared_group(std::optional<Group>& group)
{
    return group ? std::make_shared<const Group>(std::move(*group)) : nullptr;
}

time_point now() { return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()); }

/// The network of a process that is proved to be the container's; that of init is the node's.
result<host::network_reader> open_network(const std::string& root, const measuring_order& order)
{
    if (order.id.empty()) return host::network_reader::blocking_open(root, order.pid);
    auto process = host::process_handle::open(root, order.pid);
    if (!process) return process.error();
    const host::container_claim claim(order.id, order.path, "");
    const auto belongs = host::belongs_to_container(*process, root, claim);
    if (!belongs) return belongs.error();
    return host::network_reader::blocking_open(*process);
}

void measure_network(const std::string& root, const measuring_order& order, bool sockets, deadline limit,
                     const abandon_flag& abandoned, measurement& taken)
{
    host::network_reading options;
    options.tcp = options.udp = sockets;
    opened_container& opened = *order.opened;
    if (opened.network_of != order.pid) opened.network.reset();
    if (order.pid == 0) return;
    if (!opened.network) {
        auto reader = open_network(root, order);
        if (!reader) {
            taken.network_gone = reader.error().kind() == failure::gone || reader.error().kind() == failure::conflict;
            return;
        }
        opened.network.emplace(std::move(*reader));
        opened.network_of = order.pid;
    }
    auto usage = opened.network->blocking_read(limit, abandoned, options);
    if (usage) {
        taken.values.network = std::make_shared<const host::network_usage>(std::move(*usage));
    } else if (usage.error().kind() == failure::gone) {
        taken.network_gone = true;
        opened.network.reset();
    }
}

/// Counts that were cut short are left out: half a number of descriptors is none.
void count_descriptors(const std::string& root, const host::cgroup_reader& of, deadline limit,
                       const abandon_flag& abandoned, std::optional<host::process_usage>& to)
{
    if (!to) return;
    const auto processes = of.blocking_processes();
    if (!processes) return;
    host::process_usage counted = *to;
    if (!host::blocking_count_descriptors(root, *processes, counted, limit, abandoned)) return;
    // Also those whose descriptors we may not see.
    counted.process_count = processes->size();
    to = counted;
}

measurement measure_one(const std::shared_ptr<host::cgroup_tree>& tree, const std::string& root,
                        const measuring_order& order, counting also, deadline limit, const abandon_flag& abandoned)
{
    measurement taken;
    opened_container& opened = *order.opened;
    const std::unique_lock<std::mutex> mine(opened.busy, std::try_to_lock);
    if (!mine || limit.passed() || abandoned.raised()) {
        taken.left_out = true;
        return taken;
    }
    if (!opened.figures) {
        auto reader = host::cgroup_reader::blocking_open(tree, order.path);
        if (!reader) {
            taken.gone = reader.error().kind() == failure::gone;
            taken.left_out = !taken.gone;
            return taken;
        }
        opened.figures.emplace(std::move(*reader));
    }
    if (order.limits) {
        if (auto limits = opened.figures->blocking_limits()) taken.limits = std::move(*limits);
    }
    if (!order.figures) return taken;
    taken.values.timestamp = now();
    auto figures = opened.figures->blocking_read();
    if (!figures) {
        taken.gone = figures.error().kind() == failure::gone;
        taken.left_out = !taken.gone;
        opened.figures.reset();
        return taken;
    }
    taken.values.cpu = shared_group(figures->cpu);
    taken.values.memory = shared_group(figures->memory);
    taken.values.io = shared_group(figures->io);
    if (also.descriptors) count_descriptors(root, *opened.figures, limit, abandoned, figures->processes);
    taken.values.processes = shared_group(figures->processes);
    taken.values.pressures = shared_group(figures->pressures);
    measure_network(root, order, also.sockets, limit, abandoned, taken);
    return taken;
}

std::uint64_t memory_total(const std::string& root)
{
    const auto file = files::read_file({root, "/proc/meminfo"}, 16U << 10U);
    std::uint64_t bytes = 0;
    if (!file) return bytes;
    host::for_each_line(file->text, [&](std::string_view line) {
        host::fields words(line);
        if (words.next() != "MemTotal:") return true;
        bytes = host::whole_number<std::uint64_t>(words.next()).value_or(0) * 1024;
        return false;
    });
    return bytes;
}

time_point boot_time(const std::string& root)
{
    const auto file = files::read_file({root, "/proc/stat"}, 1U << 20U);
    if (!file) return time_point();
    const auto seconds = host::parse_boot_time(file->text);
    return seconds ? time_point(std::chrono::seconds(*seconds)) : time_point();
}

}  // namespace

std::vector<measurement> blocking_measure(const std::shared_ptr<host::cgroup_tree>& tree, const std::string& root,
                                          const std::vector<measuring_order>& orders, counting also, deadline limit,
                                          const abandon_flag& abandoned)
{
    std::vector<measurement> taken;
    taken.reserve(orders.size());
    for (const measuring_order& order : orders) {
        taken.push_back(measure_one(tree, root, order, also, limit, abandoned));
    }
    return taken;
}

tree_watch::tree_watch() : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

bool tree_watch::changed() const
{
    if (!inotify_) return true;
    std::array<char, 4096> events;
    bool any = false;
    while (::read(inotify_.get(), events.data(), events.size()) > 0) any = true;
    return any;
}

bool tree_watch::blocking_add(const host::cgroup_tree& tree, const std::string& path)
{
    if (!inotify_) return false;
    watch_numbers numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const int hierarchy = tree.layout().hierarchy(watched_controllers.at(i));
        const int mount = hierarchy < 0 ? -1 : tree.descriptor(static_cast<std::size_t>(hierarchy));
        // inotify takes no descriptor; the hierarchy is open, and this names it whatever root it was found below.
        const std::string directory = fmt::format("/proc/self/fd/{}{}", mount, path);
        // The number of a directory that is watched already, else a new one: the kernel drops a watch with its
        // directory and gives numbers out only once.
        numbers.at(i) =
            mount < 0 ? -1 : ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_CREATE | IN_DELETE | IN_ONLYDIR);
    }
    watch_numbers& before = watched_.try_emplace(path, watch_numbers{}).first->second;
    return std::exchange(before, numbers) != numbers;
}

void tree_watch::blocking_forget_others(const std::vector<std::string>& present)
{
    std::erase_if(watched_,
                  [&](const auto& one) { return !std::binary_search(present.begin(), present.end(), one.first); });
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
    for (int walk = 0; walk < walks; ++walk) {
        auto found = host::blocking_find_cgroups(layout, limit, abandoned);
        if (!found) return found.error();
        seen.found = std::move(*found);
        where.watch.blocking_forget_others(seen.found.paths);
        bool news = false;
        for (const std::string& path : seen.found.paths) news = where.watch.blocking_add(*where.tree, path) || news;
        if (!news) break;
    }
    const time_point boot = boot_time(root);
    for (const std::string& path : seen.found.paths) {
        if (known.contains(path)) continue;
        const auto created = where.tree->blocking_creation_time(path, boot);
        seen.created[path] = created ? *created : now();
    }
    seen.node.memory = memory_total(root);
    seen.node.processors = std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)));
    return seen;
}

}  // namespace nodescope::cadvisor
