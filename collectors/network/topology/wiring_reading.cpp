#include "collectors/network/topology/wiring_reading.hpp"

#include "collectors/host/proc/process_walk.hpp"
#include "collectors/network/topology/figures_reading.hpp"
#include "collectors/network/topology/open_namespaces.hpp"
#include "collectors/questions/completeness_note.hpp"
#include "collectors/wiring/wiring_builder.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/resident_memory.hpp"
#include "core/text.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/namespace_names.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace nodescope {

namespace {

using netlink::namespace_identity;
using netlink::net_namespace;
using netlink::netlink_socket;

constexpr std::string_view named_directory = "/run/netns";
/// Each finds what the one before has led to: a chain of namespaces that nobody knows is seldom longer than one.
constexpr int rounds = 4;

bool before(const namespace_identity& a, const namespace_identity& b)
{
    return std::pair(a.device, a.inode) < std::pair(b.device, b.inode);
}
using places_of_namespaces = std::map<namespace_identity, std::size_t, decltype(&before)>;

result<net_namespace> open_named(const std::string& root, std::string_view name)
{
    constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    unique_fd opened = files::open(files::place(root, named_directory) / name, flags);
    if (!opened) return from_errno(errno, "open a named network namespace");
    return net_namespace::of_descriptor(std::move(opened));
}

/// Failures that are counted, and of which the first is told.
class refusals {
public:
    void take(const error& why)
    {
        if (count_++ == 0) first_ = why;
    }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] const std::optional<error>& first() const noexcept { return first_; }

private:
    std::size_t count_ = 0;
    std::optional<error> first_;
};

class wiring_reader {
public:
    wiring_reader(const net_namespace& home, const std::string& root, const wiring_limits& most, deadline limit,
                  const abandon_flag& abandoned)
        : home_(home),
          root_(root),
          most_(most),
          limit_(limit),
          abandoned_(abandoned),
          figures_(home, root, most.figures, limit, abandoned)
    {
    }

    result<wiring_reading> run(const std::vector<running_container>& known);

private:
    /// How a namespace was reached, and is again.
    struct way {
        pid_t pid = 0;  // 0: the node's
        std::uint64_t start_ticks = 0;
        std::string name;  // in /run/netns, where there is no process
        namespace_identity identity = {};
    };

    [[nodiscard]] bool stopped() const { return limit_.passed() || abandoned_.raised(); }
    void look_at_node();
    void look_at_containers(const std::vector<running_container>& all);
    void look_at_named();
    std::optional<std::size_t> visit(const net_namespace& there, wired_namespace as, way by);
    void read(std::size_t space, netlink_socket& socket);
    result<void> read_lists(std::size_t space, netlink_socket& socket);
    void ask(std::size_t space, netlink_socket& socket, std::size_t of, const net_namespace& there);
    [[nodiscard]] result<net_namespace> again(std::size_t space) const;
    result<netlink_socket> open_socket(const net_namespace& there);
    void ask_the_likely();
    void look_for_others();
    void try_process(pid_t pid, std::map<std::size_t, netlink_socket>& sockets);
    void note_what_is_missing();

    const net_namespace& home_;
    const std::string& root_;
    const wiring_limits& most_;
    const deadline limit_;
    const abandon_flag& abandoned_;

    figures_reader figures_;
    wiring_builder builder_;
    places_of_namespaces places_{&before};
    std::vector<way> ways_;  // by place
    std::optional<net_namespace> node_;
    std::optional<netlink_socket> node_socket_;  // there
    std::size_t bytes_ = 0;
    reading_check memory_;  // of all namespaces together
    bool memory_is_full_ = false;
    std::size_t addresses_ = 0;
    std::size_t questions_ = 0;
    std::size_t left_out_ = 0;  // namespaces that have no place
    bool cut_ = false;          // time ran out
    refusals unopened_;
    refusals unread_;
};

/// Adds it unless it is there. None: there is no room.
std::optional<std::size_t> wiring_reader::visit(const net_namespace& there, wired_namespace as, way by)
{
    if (const auto known = places_.find(there.identity()); known != places_.end()) return known->second;
    if (places_.size() >= most_.namespaces || memory_is_full_) {
        ++left_out_;
        return std::nullopt;
    }
    as.netns = there.identity().inode;
    const std::size_t space = builder_.add_namespace(std::move(as));
    places_.emplace(there.identity(), space);
    by.identity = there.identity();
    ways_.push_back(std::move(by));
    auto socket = open_socket(there);
    if (!socket) {
        builder_.at(space).missing = socket.error().message();
        unread_.take(socket.error());
        return space;
    }
    read(space, *socket);
    // Most links lead to the node, and its own to here.
    if (node_ && node_socket_) {
        const std::size_t node = places_.at(node_->identity());
        ask(space, *socket, node, *node_);
        ask(node, *node_socket_, space, there);
    } else if (node_) {
        node_socket_ = std::move(*socket);
    }
    return space;
}

result<netlink_socket> wiring_reader::open_socket(const net_namespace& there)
{
    return netlink_socket::open_in(home_, there, NETLINK_ROUTE);
}

void wiring_reader::read(std::size_t space, netlink_socket& socket)
{
    const auto done = read_lists(space, socket);
    if (done) return;
    builder_.at(space).missing = done.error().message();
    unread_.take(done.error());
}

result<void> wiring_reader::read_lists(std::size_t space, netlink_socket& socket)
{
    std::string& missing = builder_.at(space).missing;
    const auto room = [&](std::size_t items, std::size_t used) {
        return netlink::dump_limits{items - std::min(items, used), most_.bytes - std::min(most_.bytes, bytes_)};
    };
    const auto links =
        netlink::blocking_read_wired_links(socket, room(most_.links, builder_.links()), limit_, abandoned_);
    if (!links) return links.error();
    bytes_ += links->bytes;
    missing = note_of(*links, links->items.size(), "links");
    builder_.add_links(space, links->items);
    const auto addresses =
        netlink::blocking_read_link_addresses(socket, room(most_.addresses, addresses_), limit_, abandoned_);
    if (!addresses) return addresses.error();
    bytes_ += addresses->bytes;
    addresses_ += addresses->items.size();
    append_clause(missing, note_of(*addresses, addresses->items.size(), "addresses"));
    builder_.add_addresses(space, addresses->items);
    memory_is_full_ = !memory_.may_go_on(links->bytes + addresses->bytes);
    return {};
}

/// Whether `space` has an id for the namespace `of`, which is `there`, where that may be one that it misses.
void wiring_reader::ask(std::size_t space, netlink_socket& socket, std::size_t of, const net_namespace& there)
{
    if (!builder_.has_unknown(space) || questions_ >= most_.questions) return;
    ++questions_;
    const auto id = netlink::blocking_namespace_id(socket, there.descriptor(), limit_);
    if (id && *id >= 0) builder_.learn(space, *id, of);
}

void wiring_reader::look_at_node()
{
    node_ = blocking_node_namespace(root_, home_);
    wired_namespace as;
    as.kind = namespace_kind::node;
    (void)visit(*node_, std::move(as), way());
    figures_.read_node(*node_);
}

void wiring_reader::look_at_containers(const std::vector<running_container>& all)
{
    std::size_t to_come = all.size();
    for (const running_container& one : all) {
        if (stopped()) {
            cut_ = true;
            figures_.skip(to_come);
            return;
        }
        --to_come;
        const auto there = blocking_network_of(root_, one.pid, one.start_ticks);
        if (!there) {
            // What has ended meanwhile does not run.
            if (there.error().kind() == failure::gone) continue;
            unopened_.take(there.error());
            figures_.skip(1);
            continue;
        }
        wired_namespace as;
        as.kind = namespace_kind::container;
        const auto space = visit(*there, std::move(as), {one.pid, one.start_ticks, {}, {}});
        figures_.read(*there, one.pid, one.start_ticks);
        if (!space) continue;
        wired_container& shown = builder_.at(*space).containers.emplace_back();
        shown.id = one.id;
    }
}

void wiring_reader::look_at_named()
{
    files::directory entries(files::open(files::place(root_, named_directory), O_RDONLY | O_DIRECTORY));
    if (!entries) return;
    std::size_t seen = 0;
    while (const dirent* const entry = entries.next()) {
        if (stopped() || ++seen > most_.namespaces * 2) {
            cut_ = true;
            return;
        }
        const std::string name = entry->d_name;
        const auto there = open_named(root_, name);
        // An empty file is left behind where a namespace was being made, or was unmounted.
        if (!there) continue;
        wired_namespace as;
        as.kind = namespace_kind::named;
        const auto space = visit(*there, std::move(as), {0, 0, name, {}});
        if (space && builder_.at(*space).name.empty()) builder_.at(*space).name = name;
    }
}

result<net_namespace> wiring_reader::again(std::size_t space) const
{
    const way& by = ways_[space];
    if (by.name.empty() && by.pid == 0) return *node_;
    auto there = by.pid == 0 ? open_named(root_, by.name) : blocking_network_of(root_, by.pid, by.start_ticks);
    if (there && there->identity() != by.identity) return error(failure::gone, "the network namespace is another now");
    return there;
}

/// Of the namespaces that are here, those that have what the others' links lead to.
void wiring_reader::ask_the_likely()
{
    std::optional<std::size_t> open;
    std::optional<netlink_socket> socket;
    for (const auto& one : builder_.unknown()) {
        if (stopped()) return;
        if (open != one.space) {
            socket.reset();
            const auto from = again(one.space);
            auto made = from ? open_socket(*from) : result<netlink_socket>(from.error());
            if (made) socket = std::move(*made);
            open = one.space;
        }
        if (!socket) continue;
        for (const std::size_t candidate : one.may_be) {
            const auto there = again(candidate);
            if (there) ask(one.space, *socket, candidate, *there);
            if (!builder_.is_unknown(one.space, one.id)) break;
        }
    }
}

void wiring_reader::try_process(pid_t pid, std::map<std::size_t, netlink_socket>& sockets)
{
    const auto there = blocking_network_of(root_, pid, 0);
    if (!there || places_.contains(there->identity())) return;
    for (auto& [space, socket] : sockets) {
        if (!builder_.has_unknown(space) || ++questions_ > most_.questions) continue;
        const auto id = netlink::blocking_namespace_id(socket, there->descriptor(), limit_);
        if (!id || !builder_.is_unknown(space, *id)) continue;
        const auto found = visit(*there, wired_namespace(), {pid, 0, {}, {}});
        if (found) builder_.learn(space, *id, *found);
        return;
    }
}

/// A process that is in no container may be in a namespace of its own, as those of `unshare -n` are.
void wiring_reader::look_for_others()
{
    const files::place where(root_, "/proc");
    files::directory proc(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!proc) return;
    const auto processes = host::blocking_list_processes(proc, where);
    if (!processes) return;
    std::map<std::size_t, netlink_socket> sockets;
    for (const auto& one : builder_.unknown()) {
        if (sockets.contains(one.space)) continue;
        const auto from = again(one.space);
        auto made = from ? open_socket(*from) : result<netlink_socket>(from.error());
        if (made) sockets.emplace(one.space, std::move(*made));
    }
    std::set<std::pair<dev_t, ino_t>> tried;
    std::size_t looked = 0;
    for (const auto& [pid, entry] : *processes) {
        if (stopped() || ++looked > most_.processes || questions_ > most_.questions) return;
        struct stat status {};
        if (::fstatat(proc.descriptor(), fmt::format("{}/ns/net", pid).c_str(), &status, 0) != 0) continue;
        if (places_.contains({status.st_dev, status.st_ino})) continue;
        if (tried.emplace(status.st_dev, status.st_ino).second) try_process(pid, sockets);
    }
}

void wiring_reader::note_what_is_missing()
{
    if (cut_) builder_.note("namespaces", fmt::format("cut after {}: there was no time for more", places_.size()));
    if (left_out_ != 0) {
        builder_.note("namespaces", fmt::format("cut after {}: {} more were found", places_.size(), left_out_));
    }
    if (unopened_.count() != 0) {
        builder_.note("namespaces", fmt::format("{} of containers could not be opened: {}", unopened_.count(),
                                                unopened_.first()->message()));
    }
    if (unread_.count() != 0) {
        builder_.note("links",
                      fmt::format("{} namespaces could not be read: {}", unread_.count(), unread_.first()->message()));
    }
    std::size_t cut = 0;
    std::string example;
    for (std::size_t space = 0; space < builder_.namespaces(); ++space) {
        const wired_namespace& one = builder_.at(space);
        if (!one.missing.empty() && ++cut == 1) example = fmt::format("net:[{}]: {}", one.netns, one.missing);
    }
    if (cut > unread_.count()) builder_.note("links", fmt::format("{} namespaces not whole: {}", cut, example));
    if (questions_ >= most_.questions) {
        builder_.note("edges", fmt::format("not all ends were looked for: {} questions asked", questions_));
    }
}

result<wiring_reading> wiring_reader::run(const std::vector<running_container>& known)
{
    look_at_node();
    running_containers found = blocking_find_running_containers(root_, known, limit_, abandoned_);
    if (!found.note.empty()) builder_.note("containers", found.note);
    look_at_containers(found.all);
    look_at_named();
    for (int round = 0; round < rounds && !stopped(); ++round) {
        ask_the_likely();
        const std::size_t count = builder_.namespaces();
        if (!builder_.unknown().empty()) look_for_others();
        if (builder_.namespaces() == count) break;
    }
    if (abandoned_.raised()) return error(failure::cancelled, "topology: nobody waits for the answer any more");
    if (builder_.namespaces() == unread_.count()) return *unread_.first();
    note_what_is_missing();
    wiring_reading made;
    made.what = builder_.finish();
    made.what.figures = figures_.take();
    made.containers = std::move(found.all);
    return made;
}

}  // namespace

result<wiring_reading> blocking_read_wiring(const netlink::net_namespace& home, const std::string& root,
                                            const std::vector<running_container>& before, const wiring_limits& limits,
                                            deadline limit, const abandon_flag& abandoned)
{
    wiring_reader reader(home, root, limits, limit, abandoned);
    return reader.run(before);
}

}  // namespace nodescope
