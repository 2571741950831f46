#include "collectors/network/path/places.hpp"

#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/text_scan.hpp"
#include "netlink/read/namespace_names.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::paths {

namespace {

/// More namespaces with a name than pods fit on a node.
constexpr std::size_t named_limit = 4096;

/// Processes that are looked at for one that is in a namespace.
constexpr std::size_t processes_limit = 16'384;

/// Null where there is none, or it may not be seen.
std::shared_ptr<const host::process_handle> blocking_find_process(const std::string& root,
                                                                  const netlink::net_namespace& space, deadline limit)
{
    files::directory entries(files::open(files::place(root, "/proc"), O_RDONLY | O_DIRECTORY));
    for (std::size_t seen = 0; entries && seen < processes_limit && !limit.passed();) {
        const dirent* const entry = entries.next();
        if (entry == nullptr) break;
        const auto pid = whole_number<pid_t>(entry->d_name);
        if (!pid) continue;
        ++seen;
        struct stat status {};
        const std::string link = fmt::format("{}/ns/net", *pid);
        if (::fstatat(entries.descriptor(), link.c_str(), &status, 0) != 0) continue;
        if (netlink::namespace_identity{status.st_dev, status.st_ino} != space.identity()) continue;
        auto process = host::process_handle::open(root, *pid);
        const auto there = process ? netlink::net_namespace::of_process(process->directory())
                                   : result<netlink::net_namespace>(process.error());
        // It may have gone elsewhere, or its number to another one.
        if (!there || there->identity() != space.identity()) continue;
        return std::make_shared<const host::process_handle>(std::move(*process));
    }
    return nullptr;
}

place make_asked(const std::shared_ptr<const opened_namespace>& asked, std::optional<shown_container> owner,
                 bool is_node)
{
    const place_kind kind = is_node ? place_kind::node : owner ? place_kind::container : place_kind::other;
    place made(kind, asked->space);
    if (!is_node) made.container = std::move(owner);
    made.process = std::shared_ptr<const host::process_handle>(asked, &asked->process);
    return made;
}

}  // namespace

place_finder::place_finder(std::string root, netlink::net_namespace home, std::vector<known_container> containers,
                           std::shared_ptr<const opened_namespace> asked, std::optional<shown_container> owner,
                           bool is_node)
    : root_(std::move(root)),
      home_(std::move(home)),
      containers_(std::move(containers)),
      asked_(make_asked(asked, std::move(owner), is_node))
{
}

/// That of its first process, or, where that may not be looked at, the one this service runs in.
std::optional<place> place_finder::blocking_open_node() const
{
    auto init = host::process_handle::open(root_, init_pid);
    auto space = init ? netlink::net_namespace::of_process(init->directory())
                      : result<netlink::net_namespace>(error(failure::gone, ""));
    if (!space) {
        init = host::process_handle::open(root_, ::getpid());
        space = home_;
    }
    place made(place_kind::node, std::move(*space));
    if (init) made.process = std::make_shared<const host::process_handle>(std::move(*init));
    return made;
}

std::optional<place> place_finder::blocking_open_container(const known_container& which) const
{
    auto process = host::process_handle::open(root_, which.pid);
    if (!process) return std::nullopt;
    const auto began = process->start_ticks();
    if (!began || *began != which.start_ticks) return std::nullopt;
    auto space = netlink::net_namespace::of_process(process->directory());
    if (!space || !process->alive()) return std::nullopt;
    place made(place_kind::container, std::move(*space));
    made.container = shown_container{which.id, which.name, which.runtime};
    made.process = std::make_shared<const host::process_handle>(std::move(*process));
    return made;
}

std::optional<place> place_finder::blocking_find_named(netlink::netlink_socket& from, std::int32_t id,
                                                       deadline limit) const
{
    files::directory entries(files::open(files::place(root_, "/run/netns"), O_RDONLY | O_DIRECTORY));
    if (!entries) return std::nullopt;
    for (std::size_t seen = 0; seen < named_limit && !limit.passed(); ++seen) {
        const dirent* const entry = entries.next();
        if (entry == nullptr) break;
        auto space = netlink::net_namespace::of_file(entries.descriptor(), entry->d_name);
        if (!space || netlink::blocking_namespace_id(from, space->descriptor(), limit) != id) continue;
        place made(place_kind::named, std::move(*space));
        made.name = entry->d_name;
        made.process = blocking_find_process(root_, made.space, limit);
        return made;
    }
    return std::nullopt;
}

std::optional<place> place_finder::blocking_find(netlink::netlink_socket& from, std::int32_t id, deadline limit)
{
    const auto is_it = [&](const place& candidate) {
        return netlink::blocking_namespace_id(from, candidate.space.descriptor(), limit) == id;
    };
    if (is_it(asked_)) return asked_;
    if (auto node = blocking_open_node(); node && is_it(*node)) return node;
    for (const known_container& one : containers_) {
        if (limit.passed()) return std::nullopt;
        if (auto found = blocking_open_container(one); found && is_it(*found)) return found;
    }
    return blocking_find_named(from, id, limit);
}

}  // namespace nodescope::paths
