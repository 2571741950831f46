#include "collectors/network/findings_collector.hpp"

#include "collectors/network/model_reading.hpp"
#include "collectors/network/runtime_words/runtime_words.hpp"
#include "collectors/questions/opened_target.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

namespace nodescope {

namespace {

/// A runtime that hangs delays the rules that do not need it by no more than this, nor by more than a quarter of the
/// time that there is.
constexpr std::chrono::seconds patience_for_words{1};

}  // namespace

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
    std::optional<counted_network> before;
    if (query.interval > steady_clock::duration::zero()) {
        auto counted = co_await count(query.whose, limit);
        if (!counted) co_return counted.error();
        before = std::move(*counted);
    }
    if (before) {
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
        pause.expires_after(query.interval);
        co_await pause.async_wait(boost::asio::use_awaitable);
    }
    auto target = co_await targets_.open(query.whose, limit);
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);

    auto known = std::make_shared<known_surroundings>(surroundings_of(*target));
    known->containers = containers_.proved_before();
    said_words said = co_await ask_runtime(*target, query.least, limit);
    auto looking =
        look(std::move(target->where), std::move(known), query.least, std::move(before), std::move(said), limit);
    auto made = co_await std::move(looking);
    if (!made) co_return made.error();
    if (target->owner) {
        const std::uint64_t own = target->about.space.inode;
        const auto owner = co_await containers_.complete(std::move(*target->owner));
        const findings::named_container name{owner.what.id, owner.what.name, owner.what.runtime};
        for (findings::finding& one : made->findings) {
            // What is wrong with the node's network, or with the node's side of this one, is not about the container
            // that uses it; its tasks and files are its own.
            const bool of_its_network = !target->about.host_network && one.about.netns == own;
            if (of_its_network || findings::is_about_container(one.rule)) one.about.container = name;
        }
    }
    co_return made;
}

task<result<findings::report>> findings_collector::look(std::shared_ptr<const opened_namespace> where,
                                                        std::shared_ptr<const known_surroundings> known,
                                                        findings::severity least, std::optional<counted_network> before,
                                                        said_words said, deadline limit)
{
    const deadline own = part_limit(limit, deadline::in(options_.read_timeout));
    findings::rule_choice choice = choice_of(least);
    resolver_file resolver;
    if ((findings::needed_inputs(choice) & findings::resolver_input) != 0) {
        auto reading = files_.read(where, own);
        resolver = co_await std::move(reading);
    }
    auto slot = co_await slots_.acquire(own);
    if (!slot) co_return slot.error();

    const std::string what = fmt::format("look for findings in net:[{}]", where->space.identity().inode);
    auto work = [home = home_, where = std::move(where), known = std::move(known), root = options_.root,
                 bytes = options_.limit_bytes, choice = std::move(choice), before = std::move(before), memory = memory_,
                 resolver = std::move(resolver), said = std::move(said),
                 own](const abandon_flag& abandoned) -> result<findings::report> {
        part_source source(home, *where, *known, root, bytes, own, abandoned);
        earlier_counters earlier;
        earlier.memory = memory.get();
        earlier.before = before;
        const unsigned needed = findings::needed_inputs(choice);
        auto model = blocking_read_model(source, needed, earlier);
        if (!model) return model.error();
        blocking_add_resolver(source, needed, resolver, *model);
        blocking_add_words(source, needed, said.words, said.missing, *model);
        return findings::check(*model, choice);
    };
    co_return co_await pool_.run("findings", what, own, std::move(work));
}

findings::rule_choice findings_collector::choice_of(findings::severity least) const
{
    findings::rule_choice choice;
    choice.off = off_;
    choice.least = least;
    return choice;
}

task<findings_collector::said_words> findings_collector::ask_runtime(const opened_target& of, findings::severity least,
                                                                     deadline limit)
{
    said_words said;
    if ((findings::needed_inputs(choice_of(least)) & findings::runtime_input) == 0) co_return said;
    if (!of.owner) {
        said.missing = "its runtime is asked where a container is asked about";
        co_return said;
    }
    // A runtime sets nothing up there.
    if (of.about.host_network) co_return said;
    const container& what = of.owner->what;
    const std::string pid_changed = fmt::format("{} names another process than {}", what.runtime, of.about.pid);
    const auto speaks = [&](const network_words_source* one) { return one->speaks_for(what.runtime); };
    const auto source = std::ranges::find_if(words_, speaks);
    auto id = container_reference::parse(what.id);
    if (source == words_.end() || !id) {
        said.missing = what.runtime.empty() ? std::string("no runtime has said that the container is its own")
                                            : fmt::format("{} is not asked what it has set up", what.runtime);
        if (what.runtime.empty() && of.owner->runtime_failure) said.missing = of.owner->runtime_failure->message();
        co_return said;
    }
    const deadline own = deadline::in(std::min<steady_clock::duration>(patience_for_words, limit.remaining() / 4));
    auto asking = (*source)->words_about(std::move(*id), own);
    auto words = co_await std::move(asking);
    if (!words) said.missing = words.error().message();
    else if (words->pid != 0 && words->pid != of.about.pid) said.missing = pid_changed;
    else said.words = std::move(*words);
    co_return said;
}

task<result<std::optional<counted_network>>> findings_collector::count(const net_info_query& whose, deadline limit)
{
    auto target = co_await targets_.open(whose, limit);
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);
    const deadline own = part_limit(limit, deadline::in(options_.read_timeout));
    auto slot = co_await slots_.acquire(own);
    if (!slot) co_return slot.error();
    const std::string what = fmt::format("count in net:[{}]", target->where->space.identity().inode);
    auto work = [home = home_, where = std::move(target->where), root = options_.root, bytes = options_.limit_bytes,
                 own](const abandon_flag& abandoned) -> result<std::optional<counted_network>> {
        const known_surroundings known;
        part_source source(home, *where, known, root, bytes, own, abandoned);
        // What fails here fails again in the second reading, which says so of the rules that need it.
        auto read = blocking_read_all_counters(source);
        std::optional<counted_network> counted;
        if (read) counted = std::move(*read);
        return counted;
    };
    co_return co_await pool_.run("findings", what, own, std::move(work));
}

}  // namespace nodescope
