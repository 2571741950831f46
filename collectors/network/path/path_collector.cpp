#include "collectors/network/path/path_collector.hpp"

#include "collectors/network/path/netfilter_check.hpp"
#include "core/text.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <utility>

namespace nodescope {

using paths::reachability;
using paths::verdict;

/// Shared with jobs that outlive their asker; used by one of them at a time, or by nobody but the reactor.
struct path_collector::walking {
    walking(std::shared_ptr<paths::walker> b, paths::packet p)
        : by(std::move(b)), what(p), at(std::make_unique<paths::position>(by->asked()))
    {
    }
    std::shared_ptr<paths::walker> by;
    paths::packet what;
    std::unique_ptr<paths::position> at;  ///< null: the way has ended
    paths::report report;
    paths::filters_by_place filters;
    std::string doubt;  ///< what would have to be evaluated
};

path_collector::path_collector(container_finder& containers, worker_pool& pool, program_runner& programs,
                               network_options options, netlink::nat_options nat, logger& log,
                               netlink::net_namespace home)
    : containers_(containers),
      pool_(pool),
      options_(std::move(options)),
      home_(std::move(home)),
      targets_(containers, pool, nullptr, options_.root, options_.host_timeout, log),
      slots_("paths", options_.operations, options_.queue_limit),
      rules_(programs, std::move(nat))
{
}

result<std::unique_ptr<path_collector>> path_collector::make(container_finder& containers, worker_pool& pool,
                                                             program_runner& programs, network_options options,
                                                             netlink::nat_options nat, logger& log)
{
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    return std::unique_ptr<path_collector>(
        new path_collector(containers, pool, programs, std::move(options), std::move(nat), log, std::move(*home)));
}

task<result<path_reading>> path_collector::collect(path_query query, deadline limit)
{
    auto target = co_await targets_.open(query.whose, limit);
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);

    path_reading made;
    made.target.pid = target->about.pid;
    made.target.space = target->about.space;
    made.target.verified = target->about.verified;
    made.target.host_network = target->about.host_network;
    made.target.note = std::move(target->about.network_note);
    known_surroundings known = surroundings_of(*target);
    paths::place_finder places(options_.root, home_, containers_.proved_before(), std::move(target->where),
                               std::move(known.owner), known.is_node);
    auto walker = std::make_shared<paths::walker>(options_.root, home_, std::move(places));
    auto found = co_await walk(std::move(walker), query.what, limit);
    if (!found) co_return found.error();
    made.report = std::move(*found);
    if (target->owner) made.target.owner = co_await containers_.complete(std::move(*target->owner));
    co_return made;
}

task<result<paths::report>> path_collector::walk(std::shared_ptr<paths::walker> by, paths::packet what, deadline limit)
{
    const deadline own = part_limit(limit, deadline::in(options_.read_timeout));
    auto slot = co_await slots_.acquire(own);
    if (!slot) co_return slot.error();
    const auto on = std::make_shared<walking>(std::move(by), what);
    while (on->at) {
        const auto decided = co_await decide(on, own);
        if (!decided && on->report.hops.empty()) co_return decided.error();
        if (decided) continue;
        // A job that nobody waits for any more may still be at work on what is shared.
        const failure kind = decided.error().kind();
        if (kind == failure::timed_out || kind == failure::cancelled) co_return decided.error();
        on->report.notes.push_back(decided.error().message());
        on->report.reachable = reachability::unknown;
        break;
    }
    paths::finish(on->report, on->what, on->doubt, on->by->notes());
    co_return std::move(on->report);
}

/// One routing decision with the filters around it.
task<result<void>> path_collector::decide(std::shared_ptr<walking> on, deadline limit)
{
    const std::uint64_t inode = on->at->where.space.identity().inode;
    const std::string name = fmt::format("follow a packet in net:[{}]", inode);
    auto look = [on, limit, home = home_](const abandon_flag& abandoned) -> result<void> {
        paths::blocking_look_for_filters(on->filters, on->at->where, home, limit, abandoned);
        return {};
    };
    const auto looked = co_await pool_.run("path", name, limit, std::move(look));
    if (!looked) co_return looked.error();
    paths::place_filters& here = on->filters[inode];
    if (!here.read) {
        here.read = true;
        const auto family = on->what.family == AF_INET ? netlink::ip_family::ipv4 : netlink::ip_family::ipv6;
        netlink::nat_target where(home_, on->at->where.space);
        auto reading = rules_.read(std::move(where), family, std::move(here.found), limit);
        here.texts = co_await std::move(reading);
    }
    auto step = [on, limit](const abandon_flag& abandoned) -> result<void> {
        const paths::reading_limits limits(limit, abandoned);
        return paths::blocking_decide(*on->by, on->what, on->at, on->filters, on->report, on->doubt, limits);
    };
    co_return co_await pool_.run("path", name, limit, std::move(step));
}

}  // namespace nodescope
