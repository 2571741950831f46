#include "collectors/questions/net_info.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "core/side_by_side.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace nodescope {

namespace {

// A part gives up this long before the whole answer must be there, so that the other parts can still be sent.
constexpr std::chrono::milliseconds longest_reserve{100};
// An asker of a shared call waits a little longer than the call may take: the call's own message says more.
constexpr std::chrono::milliseconds grace{250};
// The one process whose namespaces are the node's.
constexpr pid_t init_pid = 1;

// When a part must be over, given that the whole answer must be there at `whole`.
deadline part_limit(deadline whole, deadline own)
{
    const auto remaining = whole.remaining();
    const auto reserve = std::min<steady_clock::duration>(longest_reserve, remaining / 10);
    const deadline latest = deadline::in(std::chrono::floor<std::chrono::milliseconds>(remaining - reserve));
    return deadline::sooner(own, latest);
}

error not_running(const container& which, std::string_view why)
{
    return error(failure::conflict,
                 fmt::format("container is not running: {} {}", host::shown_container(which.name, which.id), why));
}

// A paused container has its processes and answers normally.
result<void> check_running(const container& which)
{
    if (which.status != "running" && which.status != "paused") {
        return not_running(which, fmt::format("is {}", escape_untrusted(which.status, 64)));
    }
    if (which.pid <= init_pid) return not_running(which, fmt::format("has process number {}", which.pid));
    if (which.pid == ::getpid()) return not_running(which, "has the process number of this service");
    return {};
}

// Whether `space` is the node's: that of the root's process 1, or, where that may not be looked at, the one this
// service runs in.
bool is_node_network(const std::string& root, netlink::namespace_identity space)
{
    const unique_fd spaces = files::open({root, "/proc/1/ns"}, O_PATH | O_DIRECTORY);
    struct stat node {};
    if (spaces && ::fstatat(spaces.get(), "net", &node, 0) == 0) {
        return space == netlink::namespace_identity{node.st_dev, node.st_ino};
    }
    const auto own = netlink::net_namespace::of_this_thread();
    return own && own->identity() == space;
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

net_info_query net_info_query::of_container(container_reference id)
{
    net_info_query query;
    query.container_id_.emplace(std::move(id));
    return query;
}

net_info_query net_info_query::of_process(pid_t pid)
{
    net_info_query query;
    query.pid_ = pid;
    return query;
}

net_info_query net_info_query::of_pod(std::string pod_namespace, std::string pod_name, std::string container)
{
    net_info_query query;
    query.pod_namespace_ = std::move(pod_namespace);
    query.pod_name_ = std::move(pod_name);
    query.container_ = std::move(container);
    return query;
}

bool net_info::has_text() const noexcept
{
    return std::any_of(std::begin(net_parts), std::end(net_parts),
                       [this](const net_part& one) { return (this->*one.text).text.has_value(); });
}

// A process number, and the container it is said to belong to.
struct net_info_collector::found_process {
    explicit found_process(pid_t p) : pid(p) {}
    explicit found_process(container c) : pid(static_cast<pid_t>(c.pid)), owner(std::move(c)) {}
    pid_t pid;
    std::optional<container> owner;
};

struct net_info_collector::opened_target {
    opened_target() = default;
    shared_namespace where;
    std::string container_id;
    std::string container_name;
    bool verified = true;
    bool host_network = false;
};

net_info_collector::net_info_collector(const runtimes& named_by, worker_pool& pool,
                                       std::unique_ptr<namespace_reader> reader, net_info_options options, logger& log)
    : runtimes_(named_by),
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
        result<container> named = co_await inspect(query, limit);
        if (!named) co_return named.error();
        target = co_await open_container(std::move(*named), limit);
    }
    if (!target) co_return target.error();

    net_info info;
    info.pid = target->where->process.pid();
    info.container_id = std::move(target->container_id);
    info.container_name = std::move(target->container_name);
    info.space = target->where->space.identity();
    info.verified = target->verified;
    info.host_network = target->host_network;

    const shared_namespace where = std::move(target->where);
    if (!query.node_nat && where->has_no_nat()) {
        // The most frequent case: one thing to wait for.
        static_cast<netlink_texts&>(info) = co_await netlink_part(where, limit);
        info.nat = text_part(std::string());
        co_return info;
    }
    std::vector<task<>> parts;
    parts.push_back(into<netlink_texts>(info, netlink_part(where, limit)));
    parts.push_back(into<nat_texts>(info, nat_part(where, limit)));
    parts.push_back(into(info.node_nat, node_nat_part(query.node_nat, limit)));
    auto all = side_by_side(std::move(parts));
    co_await std::move(all);
    co_return info;
}

task<result<container>> net_info_collector::inspect(const net_info_query& query, deadline limit)
{
    if (runtimes_.empty()) {
        co_return error(failure::unavailable,
                        "no container runtime is configured: only a process (pid) can be asked for");
    }
    if (query.container_id_) co_return co_await runtimes_.inspect(*query.container_id_, limit);
    co_return co_await runtimes_.find_pod_container(query.pod_namespace_, query.pod_name_, query.container_, limit);
}

task<result<net_info_collector::opened_target>> net_info_collector::open_container(container first, deadline limit)
{
    if (const auto running = check_running(first); !running) co_return running.error();
    found_process found(first);
    result<opened_target> target = co_await open_process(std::move(found), limit);
    if (target) co_return target;
    const failure why = target.error().kind();
    if (why != failure::conflict && why != failure::gone) co_return target.error();

    // Restarted, or ended and its number reused, between the inspect and the open: ask once more, by the full id.
    const auto full_id = container_reference::parse(first.id);
    if (!full_id) co_return full_id.error();
    result<container> second = co_await runtimes_.inspect(*full_id, limit);
    if (!second) co_return second.error();
    if (const auto running = check_running(*second); !running) co_return running.error();
    if (same_claim(first, *second)) {
        if (why == failure::conflict) co_return target.error();
        co_return host::container_changed(first.name, first.id, target.error().message());
    }
    log_.write(log_level::debug, "container changed between inspect and open, opening the new process",
               {{"container", second->id}, {"pid", second->pid}});
    found_process again(*second);
    target = co_await open_process(std::move(again), limit);
    if (target || target.error().kind() != failure::gone) co_return target;
    co_return host::container_changed(second->name, second->id, target.error().message());
}

task<result<net_info_collector::opened_target>> net_info_collector::open_process(found_process found, deadline limit)
{
    const std::string what = fmt::format("open the network namespace of process {}", found.pid);
    const deadline own_limit = part_limit(limit, deadline::in(options_.host_timeout));
    auto work = [root = options_.root, reader = reader_, own_limit,
                 found = std::move(found)](const abandon_flag&) -> result<opened_target> {
        auto process = host::process_handle::open(root, found.pid);
        if (!process) return process.error();
        opened_target target;
        if (found.owner) {
            const host::container_claim claim(found.owner->id, found.owner->name, found.owner->started_at);
            const auto proved = host::belongs_to_container(*process, root, claim);
            if (!proved) return proved.error();
            target.verified = *proved;
            target.container_id = claim.id;
            target.container_name = claim.name;
        }
        auto space = netlink::net_namespace::of_process(process->directory());
        if (!space) return space.error();
        // Only now is it sure that directory, cgroup and namespace were those of one living process.
        if (!process->alive()) {
            return error(failure::gone, fmt::format("process {} ended while its namespace was opened", found.pid));
        }
        target.host_network = is_node_network(root, space->identity());
        auto opened = std::make_shared<opened_namespace>(std::move(*process), std::move(*space));
        reader->blocking_look(*opened, own_limit);
        target.where = std::move(opened);
        return target;
    };
    co_return co_await pool_.run(what, own_limit, std::move(work));
}

task<netlink_texts> net_info_collector::netlink_part(shared_namespace where, deadline limit)
{
    std::string key = namespace_key("netlink dump", where->space.identity());
    const deadline patience = part_limit(limit, deadline::in(options_.netlink_timeout).with_grace(grace));
    auto begin = [this, where](deadline own) { return read_netlink(where, own); };
    const result<shared_netlink> read = co_await netlink_calls_.join(std::move(key), patience, std::move(begin));
    if (read) co_return **read;
    netlink_progress nothing;
    co_return nothing.take(read.error());
}

task<result<net_info_collector::shared_netlink>> net_info_collector::read_netlink(shared_namespace where,
                                                                                  deadline limit)
{
    auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();

    const std::string what = namespace_key("netlink dump", where->space.identity());
    auto progress = std::make_shared<netlink_progress>();
    auto work = [reader = reader_, where = std::move(where), limit, progress](const abandon_flag& abandoned) {
        reader->blocking_read_netlink(*where, limit, abandoned, *progress);
        return result<void>();
    };
    const result<void> done = co_await pool_.run(what, limit, std::move(work));
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
    auto texts = std::make_shared<nat_texts>();
    *texts = co_await reader_->read_nat(std::move(where), limit);
    co_return shared_nat(std::move(texts));
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
