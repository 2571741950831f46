#include "collectors/questions/target_opener.hpp"

#include "collectors/questions/opened_target.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include <unistd.h>

namespace nodescope {

namespace {

// A part gives up this long before the whole answer must be there, so that the other parts can still be sent.
constexpr std::chrono::milliseconds longest_reserve{100};

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

bool same_claim(const container& a, const container& b)
{
    return a.id == b.id && a.pid == b.pid && a.started_at == b.started_at;
}

}  // namespace

deadline part_limit(deadline whole, deadline own)
{
    const auto remaining = whole.remaining();
    const auto reserve = std::min<steady_clock::duration>(longest_reserve, remaining / 10);
    const deadline latest = deadline::in(std::chrono::floor<std::chrono::milliseconds>(remaining - reserve));
    return deadline::sooner(own, latest);
}

// What became of a runtime's claim that a container has a certain process.
struct target_opener::claimed_target {
    explicit claimed_target(container said) : what(std::move(said)) {}
    result<opened_target> target = error();
    container what;    // as the runtime said last
    bool runs = true;  // the runtime says so
};

task<result<found_container>> target_opener::find(const net_info_query& query, deadline limit)
{
    if (query.container_id_) co_return co_await containers_.find(*query.container_id_, limit);
    co_return co_await containers_.find_pod_container(query.pod_namespace_, query.pod_name_, query.container_, limit);
}

task<result<opened_target>> target_opener::open_found(const net_info_query& query, found_container found,
                                                      deadline limit)
{
    result<opened_target> target = co_await open_container(found, limit);
    if (target || !found.known) co_return target;
    // What was known is no longer so: it has ended, or was restarted, or the name is another's.
    containers_.forget(found);
    result<found_container> again = co_await find(query, limit);
    if (!again) co_return again.error();
    target = co_await open_container(std::move(*again), limit);
    co_return target;
}

task<result<opened_target>> target_opener::open(const net_info_query& query, deadline limit)
{
    if (query.pid_ != 0) {
        found_process process(query.pid_);
        auto opened = co_await open_process(std::move(process), limit);
        if (opened || !query.node_ || opened.error().kind() != failure::denied) co_return opened;
        found_process own(::getpid());
        auto ours = co_await open_process(std::move(own), limit);
        if (!ours) co_return opened;
        ours->about.network_note = fmt::format("it is the network of this service: {}", opened.error().message());
        co_return ours;
    }
    result<found_container> found = co_await find(query, limit);
    if (!found) co_return found.error();
    co_return co_await open_found(query, std::move(*found), limit);
}

task<result<opened_target>> target_opener::open_container(found_container first, deadline limit)
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

task<target_opener::claimed_target> target_opener::open_claimed(found_container first, deadline limit)
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

task<result<opened_target>> target_opener::open_numbered(found_container which, deadline limit)
{
    if (const auto number = check_number(which.what); !number) co_return number.error();
    found_process found(std::move(which));
    co_return co_await open_process(std::move(found), limit);
}

task<result<opened_target>> target_opener::open_process(found_process found, deadline limit)
{
    const std::string what = fmt::format("open the network namespace of process {}", found.pid);
    const deadline own_limit = part_limit(limit, deadline::in(host_timeout_));
    auto work = [root = root_, reader = reader_, own_limit,
                 found = std::move(found)](const abandon_flag& abandoned) mutable {
        return blocking_open_target(root, reader.get(), std::move(found), own_limit, abandoned);
    };
    co_return co_await pool_.run("network namespace", what, own_limit, std::move(work));
}

}  // namespace nodescope
