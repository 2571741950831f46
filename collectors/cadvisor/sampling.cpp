// How node_containers measures: one timer and one job of the pool for all containers.
#include "collectors/cadvisor/node_containers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace nodescope::cadvisor {

namespace asio = boost::asio;

namespace {

/// A service that ends cancels what it measures, which is not worth a line.
void warn(logger& log, std::string_view what, const error& why)
{
    if (why.kind() != failure::cancelled) log.write(log_level::warning, what, {{"reason", why.message()}});
}

}  // namespace

pid_t node_containers::network_process_of(const container& one) noexcept
{
    return static_cast<pid_t>(one.pid > 0 ? one.pid : one.network_pid);
}

bool node_containers::wanted()
{
    return asking_.use_count() > 1 || steady_clock::now() - last_asked_ < options_.idle || watched();
}

bool node_containers::followed() { return options_.always || steady_clock::now() - last_followed_ < options_.idle; }

bool node_containers::watched()
{
    return options_.always || events_.streams() > 0 || steady_clock::now() - last_watched_ < options_.idle;
}

void node_containers::keep_sampling()
{
    if (!sampling_.expired()) return;
    group_.spawn("sampling", sample_until_idle());
}

task<> node_containers::sample_until_idle()
{
    const std::shared_ptr<void> running = std::make_shared<int>();
    if (!sampling_.expired()) co_return;
    sampling_ = running;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    // The first asker has just measured; a second sample at once would say nothing.
    if (!options_.always && events_.streams() == 0) {
        timer.expires_after(options_.interval);
        co_await timer.async_wait(asio::use_awaitable);
    }
    while (wanted()) {
        const auto next = steady_clock::now() + options_.interval;
        sampled_ = followed();
        if (sampled_ || watched()) co_await look_at_all(sampled_, deadline::in(options_.timeout));
        timer.expires_at(next);
        co_await timer.async_wait(asio::use_awaitable);
    }
    let_go();
}

task<> node_containers::look_at_all(bool figures, deadline limit)
{
    const auto looked = co_await discover(limit);
    if (!looked) {
        warn(log_, "containers cannot be found", looked.error());
        co_return;
    }
    if (figures && filesystems_ && steady_clock::now() - filesystems_read_ > filesystem_interval) {
        filesystems_read_ = steady_clock::now();
        group_.spawn("measuring filesystems", follow_filesystems(limit));
    }
    std::vector<reading> all;
    all.reserve(records_.size());
    for (const auto& one : records_) all.push_back({one.second, figures, false});
    const auto measured = co_await measure(std::move(all), limit);
    if (!measured) warn(log_, "containers cannot be measured", measured.error());
}

void node_containers::let_go()
{
    sampled_ = false;
    closing_.tree = std::move(tree_);
    node_filesystems_.reset();
    for (const auto& one : records_) {
        one.second->ring.clear();
        close_later(*one.second);
    }
    close_files();
}

void node_containers::close_later(record& of)
{
    closing_.containers.push_back(std::exchange(of.opened, std::make_shared<opened_container>()));
}

/// Closing what watches thousands of cgroups takes milliseconds, which the reactor has better use for.
void node_containers::close_files()
{
    if (!closing_.tree && closing_.containers.empty()) return;
    group_.spawn("closing cgroups", close_by_worker(std::exchange(closing_, {})));
}

task<> node_containers::close_by_worker(opened_files files)
{
    auto work = [files = std::move(files)](const abandon_flag&) { return result<void>(); };
    [[maybe_unused]] const auto closed =
        co_await pool_.run("closing cgroups", deadline::in(options_.timeout), std::move(work));
}

task<result<void>> node_containers::measure(std::vector<reading> which, deadline limit)
{
    if (!tree_ || !tree_->tree) co_return error(failure::unavailable, "cgroups: not looked at yet");
    std::vector<measuring_order> orders;
    orders.reserve(which.size());
    for (const reading& one : which) {
        orders.push_back(order_for(*one.of));
        orders.back().figures = one.figures;
        orders.back().limits = one.limits;
    }
    const deadline own = deadline::sooner(limit, deadline::in(options_.timeout));
    auto work = [tree = tree_->tree, root = options_.root, orders = std::move(orders), also = options_.also,
                 own](const abandon_flag& abandoned) -> result<std::vector<measurement>> {
        return blocking_measure(tree, root, orders, also, own, abandoned);
    };
    auto taken = co_await pool_.run("container figures", own, std::move(work));
    if (!taken) co_return taken.error();
    for (std::size_t i = 0; i < which.size(); ++i) take(*which[i].of, std::move((*taken)[i]), which[i].limits);
    close_files();
    co_return result<void>();
}

void node_containers::take(record& of, measurement&& taken, bool limits)
{
    if (!is_there(of)) return;
    if (taken.gone) {
        pass_needed_ = true;
        drop(of.path);
        return;
    }
    if (taken.kills) take_kills(of, *taken.kills);
    if (taken.network_gone && of.path != "/") {
        const auto said = names_.look(of.id);
        if (said.state) of.dead_process = network_process_of(*said.state);
        names_.refresh(of.id);
    }
    if (taken.limits) {
        if (*taken.limits != of.limits) of.spec.reset();
        of.limits = std::move(*taken.limits);
    }
    if (limits) of.limits_read = steady_clock::now();
    if (taken.left_out || taken.values.timestamp == time_point()) return;
    taken.values.filesystems = of.path == "/" ? node_filesystems_ : disk_figures(of);
    const time_point when = taken.values.timestamp;
    const std::uint64_t cpu = taken.values.cpu ? taken.values.cpu->total : 0;
    const std::uint64_t memory = taken.values.memory ? taken.values.memory->working_set : 0;
    const std::uint64_t left_out = of.ring.left_out();
    if (of.ring.add(std::move(taken.values), rings_limit_bytes / records_.size())) {
        of.summary.add(when, cpu, memory, summaries_limit_bytes / records_.size());
    }
    samples_left_out_ += of.ring.left_out() - left_out;
}

task<> node_containers::follow_filesystems(deadline limit)
{
    auto read = co_await filesystems_(limit);
    if (read) node_filesystems_ = std::move(*read);
}

}  // namespace nodescope::cadvisor
