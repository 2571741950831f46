#include "collectors/questions/net_info.hpp"

#include "collectors/questions/opened_target.hpp"
#include "core/side_by_side.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <unistd.h>

namespace nodescope {

namespace {

// A part gives up this long before the whole answer must be there, so that the other parts can still be sent.
constexpr std::chrono::milliseconds longest_reserve{100};
// An asker of a shared call waits a little longer than the call may take: the call's own message says more.
constexpr std::chrono::milliseconds grace{250};

// When a part must be over, given that the whole answer must be there at `whole`.
deadline part_limit(deadline whole, deadline own)
{
    const auto remaining = whole.remaining();
    const auto reserve = std::min<steady_clock::duration>(longest_reserve, remaining / 10);
    const deadline latest = deadline::in(std::chrono::floor<std::chrono::milliseconds>(remaining - reserve));
    return deadline::sooner(own, latest);
}

// A paused container has its processes and answers normally.
result<void> check_running(const container& which)
{
    if (which.status != "running" && which.status != "paused") {
        return not_running(which, fmt::format("is {}", escape_untrusted(which.status, 64)));
    }
    return {};
}

// A runtime in a process namespace of its own, or one that lies, may name any.
result<void> check_number(const container& which)
{
    if (which.pid <= init_pid) return not_running(which, fmt::format("has process number {}", which.pid));
    if (which.pid == ::getpid()) return not_running(which, "has the process number of this service");
    return {};
}

std::string namespace_key(std::string_view what, netlink::namespace_identity space)
{
    // As `readlink /proc/PID/ns/net` shows it; all network namespaces are on one device.
    return fmt::format("{} of net:[{}]", what, space.inode);
}

bool same_claim(const container& a, const container& b)
{
    return a.id == b.id && a.pid == b.pid && a.started_at == b.started_at;
}

}  // namespace

bool net_info::has_text() const noexcept
{
    return std::any_of(std::begin(net_parts), std::end(net_parts),
                       [this](const net_part& one) { return (this->*one.text).text.has_value(); });
}

// What became of a runtime's claim that a container has a certain process.
struct net_info_collector::claimed_target {
    explicit claimed_target(container said) : what(std::move(said)) {}
    result<opened_target> target = error();
    container what;    // as the runtime said last
    bool runs = true;  // the runtime says so
};

net_info_collector::net_info_collector(container_finder& containers, worker_pool& pool,
                                       std::unique_ptr<namespace_reader> reader, net_info_options options, logger& log)
    : containers_(containers),
      pool_(pool),
      reader_(std::move(reader)),
      options_(std::move(options)),
      log_(log),
      slots_("network operations", options_.operations, options_.queue_limit)
{
}

task<result<net_info>> net_info_collector::collect(net_info_query query, deadline limit)
{
    result<opened_target> target = error();
    if (query.pid_ != 0) {
        found_process found(query.pid_);
        target = co_await open_process(std::move(found), limit);
    } else {
        target = co_await open_container_of(query, limit);
    }
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);

    net_info info = std::move(target->about);
    if (target->texts) {
        static_cast<netlink_texts&>(info) = std::move(*target->texts);
        info.nat = text_part(std::string());
        target->where.reset();
    } else {
        const bool node_nat = query.node_nat;
        co_await read_parts(info, std::move(target->where), node_nat, limit);
    }
    if (target->owner) {
        const found_container owner = co_await containers_.complete(std::move(*target->owner));
        info.container_name = owner.what.name;
        info.runtime_failure = owner.runtime_failure;
    }
    co_return info;
}

task<> net_info_collector::read_parts(net_info& info, shared_namespace where, bool node_nat, deadline limit)
{
    if (!node_nat && where->has_no_nat()) {
        // The most frequent case: one thing to wait for.
        static_cast<netlink_texts&>(info) = co_await netlink_part(where, limit);
        info.nat = text_part(std::string());
        co_return;
    }
    std::vector<task<>> parts;
    parts.push_back(into<netlink_texts>(info, netlink_part(where, limit)));
    parts.push_back(into<nat_texts>(info, nat_part(where, limit)));
    parts.push_back(into(info.node_nat, node_nat_part(node_nat, limit)));
    co_await side_by_side(std::move(parts));
}

task<result<found_container>> net_info_collector::find(const net_info_query& query, deadline limit)
{
    if (query.container_id_) co_return co_await containers_.find(*query.container_id_, limit);
    co_return co_await containers_.find_pod_container(query.pod_namespace_, query.pod_name_, query.container_, limit);
}

task<result<opened_target>> net_info_collector::open_container_of(const net_info_query& query, deadline limit)
{
    result<found_container> found = co_await find(query, limit);
    if (!found) co_return found.error();
    if (found->known && !query.node_nat) {
        auto at_once = co_await read_known(*found, limit);
        if (at_once) co_return std::move(*at_once);
    }
    result<opened_target> target = co_await open_container(*found, limit);
    if (target || !found->known) co_return target;
    // What was known is no longer so: it has ended, or was restarted, or the name is another's.
    containers_.forget(*found);
    found = co_await find(query, limit);
    if (!found) co_return found.error();
    target = co_await open_container(*found, limit);
    co_return target;
}

/// Each trip to the pool costs as much as a dump: this is one instead of two. Nothing where it does not lead to an
/// answer at once: then the usual way says why, or has half an answer.
task<std::optional<opened_target>> net_info_collector::read_known(found_container which, deadline limit)
{
    std::string key = fmt::format("network of container {}, process {}", which.what.id, which.what.pid);
    const deadline patience = part_limit(limit, deadline::in(known_limit));
    auto begin = [this, which](deadline own) { return open_and_read(which, own); };
    const result<shared_target> read = co_await known_calls_.join(std::move(key), patience, std::move(begin));
    if (!read) co_return std::nullopt;
    std::optional<opened_target> own(**read);
    own->owner = std::move(which);
    co_return own;
}

task<result<net_info_collector::shared_target>> net_info_collector::open_and_read(found_container which, deadline limit)
{
    auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    found_process found(std::move(which));
    auto work = [root = options_.root, reader = reader_, names = names_, found = std::move(found),
                 limit](const abandon_flag& abandoned) mutable -> result<shared_target> {
        auto target = blocking_open_target(root, *reader, std::move(found), limit, abandoned);
        if (!target) return target.error();
        if (target->where->has_no_nat()) {
            netlink_progress progress(root, names);
            reader->blocking_read_netlink(*target->where, limit, abandoned, progress);
            target->texts = progress.take(error(failure::internal, "netlink: the part was not read"));
        }
        return std::make_shared<const opened_target>(std::move(*target));
    };
    co_return co_await pool_.run("network namespace", "read a network", limit, std::move(work));
}

task<result<opened_target>> net_info_collector::open_container(found_container first, deadline limit)
{
    if (const auto running = check_running(first.what); !running) co_return running.error();
    const bool by_a_runtime = !first.known && !first.by_its_cgroup;
    claimed_target claimed = co_await open_claimed(std::move(first), limit);
    if (claimed.target || !by_a_runtime || !claimed.runs) co_return std::move(claimed.target);
    const error why = claimed.target.error();
    if (why.kind() != failure::conflict && why.kind() != failure::gone) co_return why;
    // What the runtime says of its process is wrong, or that process has no network any more: the kernel may have one.
    auto seen = co_await containers_.find_by_kernel(std::move(claimed.what), why, limit);
    if (!seen) co_return why;
    found_process found(std::move(*seen));
    auto target = co_await open_process(std::move(found), limit);
    if (!target) co_return why;
    co_return target;
}

task<net_info_collector::claimed_target> net_info_collector::open_claimed(found_container first, deadline limit)
{
    claimed_target claimed(first.what);
    claimed.target = co_await open_numbered(first, limit);
    if (claimed.target || first.known) co_return claimed;
    const error why = claimed.target.error();
    if (why.kind() != failure::conflict && why.kind() != failure::gone) co_return claimed;

    // Restarted, or ended and its number reused, between the answer and the open: ask once more, by the full id.
    const auto full_id = container_reference::parse(first.what.id);
    if (!full_id) co_return claimed;
    containers_.forget(first);
    result<found_container> second = co_await containers_.find(*full_id, limit);
    if (!second) {
        claimed.target = second.error();
        co_return claimed;
    }
    const container& now = claimed.what = second->what;
    if (const auto running = check_running(now); !running) {
        claimed.target = running.error();
        claimed.runs = false;
    } else if (same_claim(first.what, now)) {
        if (why.kind() == failure::gone) {
            claimed.target = host::container_changed(now.name, now.id, why.message());
        }
    } else {
        log_.write(log_level::debug, "container changed between inspect and open, opening the new process",
                   {{"container", now.id}, {"pid", now.pid}});
        claimed.target = co_await open_numbered(*second, limit);
        if (!claimed.target && claimed.target.error().kind() == failure::gone) {
            claimed.target = host::container_changed(now.name, now.id, claimed.target.error().message());
        }
    }
    co_return claimed;
}

task<result<opened_target>> net_info_collector::open_numbered(found_container which, deadline limit)
{
    if (const auto number = check_number(which.what); !number) co_return number.error();
    found_process found(std::move(which));
    co_return co_await open_process(std::move(found), limit);
}

task<result<opened_target>> net_info_collector::open_process(found_process found, deadline limit)
{
    const std::string what = fmt::format("open the network namespace of process {}", found.pid);
    const deadline own_limit = part_limit(limit, deadline::in(options_.host_timeout));
    auto work = [root = options_.root, reader = reader_, own_limit,
                 found = std::move(found)](const abandon_flag& abandoned) mutable {
        return blocking_open_target(root, *reader, std::move(found), own_limit, abandoned);
    };
    co_return co_await pool_.run("network namespace", what, own_limit, std::move(work));
}

task<netlink_texts> net_info_collector::netlink_part(shared_namespace where, deadline limit)
{
    std::string key = namespace_key("netlink dump", where->space.identity());
    const deadline patience = part_limit(limit, deadline::in(options_.netlink_timeout).with_grace(grace));
    auto begin = [this, where](deadline own) { return read_netlink(where, own); };
    const result<shared_netlink> read = co_await netlink_calls_.join(std::move(key), patience, std::move(begin));
    if (read) co_return **read;
    netlink_texts failed;
    failed.addresses = failed.route = failed.route6 = text_part(read.error());
    co_return failed;
}

task<result<net_info_collector::shared_netlink>> net_info_collector::read_netlink(shared_namespace where,
                                                                                  deadline limit)
{
    auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();

    const std::string what = namespace_key("netlink dump", where->space.identity());
    auto progress = std::make_shared<netlink_progress>(options_.root, names_);
    auto work = [reader = reader_, where = std::move(where), limit, progress](const abandon_flag& abandoned) {
        reader->blocking_read_netlink(*where, limit, abandoned, *progress);
        return result<void>();
    };
    const result<void> done = co_await pool_.run("netlink dump", what, limit, std::move(work));
    const error missing(failure::internal, "netlink: the part was not read");
    const error& reason = done ? missing : done.error();
    auto texts = std::make_shared<netlink_texts>(progress->take(reason));
    co_return shared_netlink(std::move(texts));
}

task<nat_texts> net_info_collector::nat_part(shared_namespace where, deadline limit)
{
    std::string key = namespace_key("NAT tables", where->space.identity());
    const deadline patience = part_limit(limit, deadline::in(options_.nat_timeout).with_grace(grace));
    auto begin = [this, where](deadline own) { return read_nat(where, own); };
    const result<shared_nat> read = co_await nat_calls_.join(std::move(key), patience, std::move(begin));
    if (read) co_return **read;
    nat_texts failed;
    failed.nat = text_part(read.error());
    co_return failed;
}

task<result<net_info_collector::shared_nat>> net_info_collector::read_nat(shared_namespace where, deadline limit)
{
    auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    nat_reading read = co_await reader_->read_nat(std::move(where), limit);
    co_return std::make_shared<const nat_texts>(std::move(read));
}

task<text_part> net_info_collector::node_nat_part(bool wanted, deadline limit)
{
    if (!wanted) co_return text_part();
    found_process init(init_pid);
    result<opened_target> node = co_await open_process(std::move(init), limit);
    if (!node) co_return text_part(node.error());
    nat_texts texts = co_await nat_part(std::move(node->where), limit);
    co_return std::move(texts.nat);
}

}  // namespace nodescope
