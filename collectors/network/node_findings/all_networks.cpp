// All networks of the node, one job of the workers for each.
#include "collectors/network/findings_collector.hpp"
#include "collectors/network/model_reading.hpp"
#include "collectors/network/node_side/node_reading.hpp"
#include "collectors/questions/opened_target.hpp"
#include "core/side_by_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

namespace nodescope {

namespace {

/// One question to a runtime for each container would cost more than all else.
constexpr std::string_view why_not_asked = "a runtime is only asked about a single container";
/// Containers whose names are asked for, of those that have findings.
constexpr std::size_t named_at_most = 32;
/// For all of these names together.
constexpr std::chrono::milliseconds patience_for_names{200};

/// Which networks somebody looks at, or has.
class claimed_networks {
public:
    bool claim(std::uint64_t inode)
    {
        const std::lock_guard lock(mutex_);
        return inodes_.insert(inode).second;
    }
    /// It could not be looked at: another container in it may have more luck.
    void give_up(std::uint64_t inode)
    {
        const std::lock_guard lock(mutex_);
        inodes_.erase(inode);
    }

private:
    std::mutex mutex_;
    std::set<std::uint64_t> inodes_;
};

/// Of one container's network; no report where it was looked at for another.
struct network_look {
    network_look() = default;
    std::uint64_t netns = 0;
    std::optional<findings::report> found;
};

found_container found_by_cgroup(const running_container& one)
{
    found_container found;
    found.what.id = one.id;
    found.what.pid = one.pid;
    found.what.status = "running";
    found.resolved_by = by_kernel;
    found.start_ticks = one.start_ticks;
    found.by_its_cgroup = true;
    // Whose it is says only a note that is not shown here.
    if (one.delegated) found.in_subtree_of = uid_t{0};
    return found;
}

}  // namespace

/// What the jobs of one look have in common.
struct findings_collector::all_networks {
    explicit all_networks(deadline l) : limit(l) {}
    deadline limit;
    findings::rule_choice choice;
    std::vector<running_container> containers;
    std::size_t next = 0;
    std::vector<known_container> proved;  ///< by id
    std::shared_ptr<const known_surroundings> known;
    std::shared_ptr<claimed_networks> claimed = std::make_shared<claimed_networks>();
    node_findings_builder made;
    std::size_t looked_at = 0;
    std::optional<error> first_failure;

    [[nodiscard]] findings::named_container name_of(const std::string& id) const
    {
        const auto found = std::ranges::lower_bound(proved, id, {}, &known_container::id);
        if (found == proved.end() || found->id != id) return {id, {}, {}};
        return {id, found->name, found->runtime};
    }
    void failed(std::optional<findings::named_container> which, const error& why)
    {
        if (!first_failure) first_failure = why;
        made.add_unseen(std::move(which), why);
    }
};

task<> findings_collector::find_containers(all_networks& all, deadline limit)
{
    const deadline own = deadline::sooner(limit, deadline::in(options_.host_timeout));
    auto work = [root = options_.root, before = running_, own](const abandon_flag& abandoned) {
        return result<running_containers>(blocking_find_running_containers(root, before, own, abandoned));
    };
    auto found = co_await pool_.run("findings", "find the running containers", own, std::move(work));
    if (!found) {
        all.made.note(found.error().message());
        co_return;
    }
    all.made.note(std::move(found->note));
    running_ = std::move(found->all);
    all.containers = running_;
}

/// The containers' ends of their links are on the node. Where this fails, it is read for each of them, and said there.
task<> findings_collector::read_node_for_all(all_networks& all, std::shared_ptr<const opened_namespace> node,
                                             std::shared_ptr<const known_surroundings> known, deadline limit)
{
    const unsigned needed = findings::needed_inputs(all.choice);
    if ((needed & (findings::wiring_input | findings::filters_input)) == 0) co_return;
    const deadline own = deadline::sooner(limit, deadline::in(options_.read_timeout));
    auto slot = co_await slots_.acquire(own);
    if (!slot) co_return;
    auto work = [home = home_, root = options_.root, bytes = options_.limit_bytes, node = std::move(node),
                 known = std::move(known), needed,
                 own](const abandon_flag& abandoned) -> result<std::shared_ptr<const node_reading>> {
        part_source source(home, *node, *known, root, bytes, own, abandoned);
        return blocking_read_node_for_many(source, needed);
    };
    auto read =
        co_await pool_.run("findings", "read the node's side of the containers' networks", own, std::move(work));
    if (!read) co_return;
    auto with_node = std::make_shared<known_surroundings>(*all.known);
    with_node->node = std::move(*read);
    all.known = std::move(with_node);
}

task<> findings_collector::look_at_node(all_networks& all, deadline limit)
{
    const net_info_query node = net_info_query::of_node();
    auto target = co_await targets_.open(node, limit);
    if (!target) {
        all.failed(std::nullopt, target.error());
        co_return;
    }
    const std::uint64_t netns = target->about.space.inode;
    auto known = std::make_shared<known_surroundings>(surroundings_of(*target));
    known->containers = all.proved;
    said_words said;
    said.missing = why_not_asked;
    auto looking = look(target->where, known, all.choice.least, std::nullopt, std::move(said), limit);
    auto made = co_await std::move(looking);
    if (!made) {
        all.failed(std::nullopt, made.error());
        co_return;
    }
    all.claimed->claim(netns);
    ++all.looked_at;
    all.made.add(std::move(*made), netns, std::nullopt);
    // Not before: where the kernel does not answer, one of them waiting is enough.
    co_await read_node_for_all(all, std::move(target->where), std::move(known), limit);
}

/// Containers, one after another, until there are none left that nobody has taken.
task<> findings_collector::look_at_next(all_networks& all, deadline limit)
{
    while (all.next < all.containers.size()) {
        const running_container one = all.containers[all.next++];
        const findings::named_container name = all.name_of(one.id);
        const deadline own = deadline::sooner(limit, deadline::in(options_.read_timeout));
        resolver_file resolver;
        if ((findings::needed_inputs(all.choice) & findings::resolver_input) != 0) {
            auto reading = files_.read(options_.root, one, own);
            resolver = co_await std::move(reading);
        }
        auto slot = co_await slots_.acquire(own);
        if (!slot) {
            all.failed(name, slot.error());
            continue;
        }
        auto work = [home = home_, root = options_.root, bytes = options_.limit_bytes, known = all.known,
                     claimed = all.claimed, choice = all.choice, memory = memory_, found = found_by_cgroup(one),
                     resolver = std::move(resolver),
                     own](const abandon_flag& abandoned) mutable -> result<network_look> {
            const auto target = blocking_open_target(root, nullptr, found_process(std::move(found)), own, abandoned);
            if (!target) return target.error();
            network_look made;
            made.netns = target->about.space.inode;
            if (!claimed->claim(made.netns)) return made;
            part_source source(home, *target->where, *known, root, bytes, own, abandoned);
            earlier_counters earlier;
            earlier.memory = memory.get();
            const unsigned needed = findings::needed_inputs(choice);
            auto model = blocking_read_model(source, needed, earlier);
            if (!model) {
                claimed->give_up(made.netns);
                return model.error();
            }
            blocking_add_resolver(source, needed, resolver, *model);
            model->runtimes.missing = why_not_asked;
            made.found = findings::check(*model, choice);
            return made;
        };
        const std::string what = fmt::format("look for findings in the network of container {}", one.id.substr(0, 12));
        auto made = co_await pool_.run("findings", what, own, std::move(work));
        if (!made) {
            // It has ended since: that is no network that could have been looked at.
            if (made.error().kind() != failure::gone) all.failed(name, made.error());
            continue;
        }
        ++all.looked_at;
        all.made.count_container();
        if (made->found) all.made.add(std::move(*made->found), made->netns, name);
    }
}

/// Runtimes are asked only about those that something is wrong with.
task<> findings_collector::name_containers(std::vector<findings::finding>& of, deadline limit)
{
    std::set<std::string> nameless;
    for (const findings::finding& one : of) {
        if (nameless.size() >= named_at_most) break;
        if (one.about.container && one.about.container->name.empty()) nameless.insert(one.about.container->id);
    }
    if (nameless.empty()) co_return;
    const deadline own = deadline::sooner(limit, deadline::in(patience_for_names));
    std::vector<result<found_container>> answers(nameless.size(), error(failure::gone, ""));
    std::vector<task<>> questions;
    std::size_t index = 0;
    for (const std::string& id : nameless) {
        auto reference = container_reference::parse(id);
        if (!reference) continue;
        questions.push_back(into(answers[index++], containers_.find(std::move(*reference), own)));
    }
    co_await side_by_side(std::move(questions));
    for (findings::finding& one : of) {
        if (!one.about.container) continue;
        for (const auto& answer : answers) {
            if (!answer || answer->what.id != one.about.container->id) continue;
            one.about.container->name = answer->what.name;
            one.about.container->runtime = answer->what.runtime;
        }
    }
}

task<result<node_findings>> findings_collector::collect_all(findings::severity least, deadline limit)
{
    all_networks all(part_limit(limit, limit));
    all.choice.off = off_;
    all.choice.least = least;
    all.proved = containers_.proved_before();
    auto known = std::make_shared<known_surroundings>();
    known->containers = all.proved;
    all.known = std::move(known);

    co_await find_containers(all, all.limit);
    co_await look_at_node(all, all.limit);
    // Others who ask get their turn between two networks: a slot is held for one.
    std::vector<task<>> lanes;
    for (std::size_t i = 0; i < options_.operations; ++i) lanes.push_back(look_at_next(all, all.limit));
    co_await side_by_side(std::move(lanes));
    if (all.looked_at == 0 && all.first_failure) co_return *all.first_failure;
    node_findings made = all.made.finish();
    co_await name_containers(made.whole.findings, all.limit);
    co_return made;
}

}  // namespace nodescope
