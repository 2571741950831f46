#include "collectors/network/findings_collector.hpp"

#include "collectors/network/model_reading.hpp"
#include "collectors/questions/opened_target.hpp"

#include <fmt/format.h>

namespace nodescope {

findings_collector::findings_collector(container_finder& containers, worker_pool& pool, network_options options,
                                       std::vector<std::string> off, logger& log, netlink::net_namespace home)
    : containers_(containers),
      pool_(pool),
      options_(std::move(options)),
      off_(std::move(off)),
      home_(std::move(home)),
      targets_(containers, pool, nullptr, options_.root, options_.host_timeout, log),
      slots_("findings", options_.operations, options_.queue_limit)
{
}

result<std::unique_ptr<findings_collector>> findings_collector::make(container_finder& containers, worker_pool& pool,
                                                                     network_options options,
                                                                     std::vector<std::string> off, logger& log)
{
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    return std::unique_ptr<findings_collector>(
        new findings_collector(containers, pool, std::move(options), std::move(off), log, std::move(*home)));
}

task<result<findings::report>> findings_collector::collect(findings_query query, deadline limit)
{
    auto target = co_await targets_.open(query.whose, limit);
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);

    auto known = std::make_shared<known_surroundings>(surroundings_of(*target));
    known->containers = containers_.proved_before();
    auto made = co_await look(std::move(target->where), std::move(known), query.least, limit);
    if (!made) co_return made.error();
    // A finding in the node's namespace is not about the container that uses it, nor one about the node's side.
    if (target->owner && !target->about.host_network) {
        const std::uint64_t own = target->about.space.inode;
        const auto owner = co_await containers_.complete(std::move(*target->owner));
        const findings::named_container name{owner.what.id, owner.what.name, owner.what.runtime};
        for (findings::finding& one : made->findings) {
            if (one.about.netns == own) one.about.container = name;
        }
    }
    co_return made;
}

task<result<findings::report>> findings_collector::look(std::shared_ptr<const opened_namespace> where,
                                                        std::shared_ptr<const known_surroundings> known,
                                                        findings::severity least, deadline limit)
{
    const deadline own = part_limit(limit, deadline::in(options_.read_timeout));
    auto slot = co_await slots_.acquire(own);
    if (!slot) co_return slot.error();

    findings::rule_choice choice;
    choice.off = off_;
    choice.least = least;
    const std::string what = fmt::format("look for findings in net:[{}]", where->space.identity().inode);
    auto work = [home = home_, where = std::move(where), known = std::move(known), root = options_.root,
                 bytes = options_.limit_bytes, choice = std::move(choice),
                 own](const abandon_flag& abandoned) -> result<findings::report> {
        part_source source(home, *where, *known, root, bytes, own, abandoned);
        const auto model = blocking_read_model(source, findings::needed_inputs(choice));
        if (!model) return model.error();
        return findings::check(*model, choice);
    };
    co_return co_await pool_.run("findings", what, own, std::move(work));
}

}  // namespace nodescope
