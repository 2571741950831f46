#include "collectors/questions/net_info.hpp"

#include "collectors/questions/opened_target.hpp"
#include "core/side_by_side.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace nodescope {

namespace {

// An asker of a shared call waits a little longer than the call may take: the call's own message says more.
constexpr std::chrono::milliseconds grace{250};

std::string namespace_key(std::string_view what, netlink::namespace_identity space)
{
    // As `readlink /proc/PID/ns/net` shows it; all network namespaces are on one device.
    return fmt::format("{} of net:[{}]", what, space.inode);
}

}  // namespace

bool net_info::has_text() const noexcept
{
    return std::any_of(std::begin(net_parts), std::end(net_parts),
                       [this](const net_part& one) { return (this->*one.text).text.has_value(); });
}

net_info_collector::net_info_collector(container_finder& containers, worker_pool& pool,
                                       std::unique_ptr<namespace_reader> reader, net_info_options options, logger& log)
    : containers_(containers),
      pool_(pool),
      reader_(std::move(reader)),
      options_(std::move(options)),
      targets_(containers, pool, reader_, options_.root, options_.host_timeout, log),
      slots_("network operations", options_.operations, options_.queue_limit)
{
}

task<result<net_info>> net_info_collector::collect(net_info_query query, deadline limit)
{
    result<opened_target> target = error();
    if (query.pid_ != 0) {
        found_process found(query.pid_);
        target = co_await targets_.open_process(std::move(found), limit);
    } else {
        target = co_await open_container_of(query, limit);
    }
    if (!target) co_return target.error();
    if (target->owner) containers_.proved(*target->owner, target->start_ticks);

    net_info info = std::move(target->about);
    if (target->texts) {
        static_cast<netlink_texts&>(info) = std::move(*target->texts);
        info.nat = text_part(std::string());
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

task<result<opened_target>> net_info_collector::open_container_of(const net_info_query& query, deadline limit)
{
    result<found_container> found = co_await targets_.find(query, limit);
    if (!found) co_return found.error();
    if (found->known && !query.node_nat) {
        auto which = std::make_shared<const found_container>(*found);
        std::optional<opened_target> at_once = co_await read_known(std::move(which), limit);
        if (at_once) {
            at_once->owner = std::move(*found);
            co_return std::move(*at_once);
        }
    }
    co_return co_await targets_.open_found(query, std::move(*found), limit);
}

/// Each trip to the pool costs as much as a dump: this is one instead of two. Nothing where it does not lead to an
/// answer at once: then the usual way says why, or has half an answer. What it gives has no owner: who asks has it.
task<std::optional<opened_target>> net_info_collector::read_known(known_owner which, deadline limit)
{
    std::string key = fmt::format("network of container {}, process {}", which->what.id, which->what.pid);
    const deadline patience = part_limit(limit, deadline::in(known_limit));
    auto begin = [this, which](deadline own) { return open_and_read(which, own); };
    const result<shared_target> read = co_await known_calls_.join(std::move(key), patience, std::move(begin));
    if (!read) co_return std::nullopt;
    co_return **read;
}

task<result<net_info_collector::shared_target>> net_info_collector::open_and_read(known_owner which, deadline limit)
{
    auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    auto work = [root = options_.root, reader = reader_, names = names_, which = std::move(which),
                 limit](const abandon_flag& abandoned) -> result<shared_target> {
        found_process found(*which);
        auto target = blocking_open_target(root, reader.get(), std::move(found), limit, abandoned);
        if (!target) return target.error();
        target->owner.reset();
        if (target->where->has_no_nat()) {
            netlink_progress progress(names);
            reader->blocking_read_netlink(*target->where, limit, abandoned, progress);
            target->texts = progress.take(error(failure::internal, "netlink: the part was not read"));
            target->where.reset();
        }
        return std::make_shared<const opened_target>(std::move(*target));
    };
    co_return co_await pool_.run("network namespace", "read a network", limit, std::move(work));
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
    auto progress = std::make_shared<netlink_progress>(names_);
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
    result<opened_target> node = co_await targets_.open_process(std::move(init), limit);
    if (!node) co_return text_part(node.error());
    nat_texts texts = co_await nat_part(std::move(node->where), limit);
    co_return std::move(texts.nat);
}

}  // namespace nodescope
