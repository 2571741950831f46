#include "collectors/network/network_collector.hpp"

#include "collectors/questions/opened_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace nodescope {

namespace {

/// What a worker has read, part by part: one that hangs in the kernel costs the parts behind it, not those before.
class read_parts_so_far {
public:
    void put(const network_part* which, result<part_text> text)
    {
        const std::lock_guard lock(mutex_);
        read_.insert_or_assign(which, std::move(text));
    }
    /// What is there; the others failed for `reason`.
    std::vector<network_reading::part> take(const std::vector<const network_part*>& asked, const error& reason)
    {
        const std::lock_guard lock(mutex_);
        std::vector<network_reading::part> all;
        for (const network_part* const which : asked) {
            const auto found = read_.find(which);
            if (found != read_.end()) all.emplace_back(*which, std::move(found->second));
            else all.emplace_back(*which, result<part_text>(reason));
        }
        read_.clear();
        return all;
    }

private:
    std::mutex mutex_;
    std::map<const network_part*, result<part_text>> read_;
};

}  // namespace

network_collector::network_collector(container_finder& containers, worker_pool& pool, network_options options,
                                     logger& log, netlink::net_namespace home)
    : containers_(containers),
      pool_(pool),
      options_(std::move(options)),
      home_(std::move(home)),
      targets_(containers, pool, nullptr, options_.root, options_.host_timeout, log),
      slots_("network reads", options_.operations, options_.queue_limit)
{
}

result<std::unique_ptr<network_collector>> network_collector::make(container_finder& containers, worker_pool& pool,
                                                                   network_options options, logger& log)
{
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    return std::unique_ptr<network_collector>(
        new network_collector(containers, pool, std::move(options), log, std::move(*home)));
}

task<result<network_reading>> network_collector::collect(network_query query, deadline limit)
{
    auto target = co_await targets_.open(query.whose, limit);
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);

    network_reading made;
    made.pid = target->about.pid;
    made.space = target->about.space;
    made.verified = target->about.verified;
    made.host_network = target->about.host_network;
    made.note = std::move(target->about.network_note);
    auto known = std::make_shared<known_surroundings>();
    known->is_node = made.host_network;
    if (target->owner) {
        const container& what = target->owner->what;
        known->owner = shown_container{what.id, what.name, what.runtime};
    }
    if (std::ranges::any_of(query.parts, &network_part::uses_containers)) {
        known->containers = containers_.proved_before();
    }
    made.parts = co_await read(std::move(target->where), std::move(known), std::move(query.parts), limit);
    if (target->owner) made.owner = co_await containers_.complete(std::move(*target->owner));
    co_return made;
}

task<std::vector<network_reading::part>> network_collector::read(std::shared_ptr<const opened_namespace> where,
                                                                 std::shared_ptr<const known_surroundings> known,
                                                                 std::vector<const network_part*> parts, deadline limit)
{
    const deadline own = part_limit(limit, deadline::in(options_.read_timeout));
    auto so_far = std::make_shared<read_parts_so_far>();
    auto slot = co_await slots_.acquire(own);
    if (!slot) co_return so_far->take(parts, slot.error());

    const std::string what = fmt::format("read the network of net:[{}]", where->space.identity().inode);
    auto work = [home = home_, where = std::move(where), known = std::move(known), root = options_.root,
                 bytes = options_.limit_bytes, own, parts, so_far](const abandon_flag& abandoned) -> result<void> {
        part_source source(home, *where, *known, root, bytes, own, abandoned);
        for (const network_part* const which : parts) {
            if (abandoned.raised()) return {};
            so_far->put(which, which->blocking_read(source));
        }
        return {};
    };
    const result<void> done = co_await pool_.run("network read", what, own, std::move(work));
    const error missing(failure::internal, "the part was not read");
    co_return so_far->take(parts, done ? missing : done.error());
}

}  // namespace nodescope
