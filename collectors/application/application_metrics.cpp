#include "collectors/application/application_metrics.hpp"

#include "collectors/application/exposition.hpp"
#include "collectors/application/patterns.hpp"
#include "collectors/http_client/http_client.hpp"
#include "core/text.hpp"
#include "core/url_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace nodescope::applications {

namespace {

/// For the files of a container, which are mostly in memory.
constexpr std::chrono::seconds file_limit{1};
/// A container that nobody has asked about for this long is forgotten.
constexpr std::chrono::minutes wanted_lately{2};
/// A waiter of a slot gives up once that many wait before it.
constexpr std::size_t queue_limit = application_metrics::container_limit;
constexpr unsigned http_ok = 200;

http_client::request request_for(const configuration& what)
{
    http_client::request call("GET", what.target);
    call.host = authority_text(what.to.host, what.to.port);
    if (what.is_prometheus) call.headers.emplace_back("Accept", "text/plain;version=0.0.4");
    call.body_limit = application_metrics::answer_bytes;
    return call;
}

}  // namespace

result<std::unique_ptr<application_metrics>> application_metrics::make(boost::asio::any_io_executor executor,
                                                                       task_group& group, logger& log, std::string root)
{
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    return std::unique_ptr<application_metrics>(
        new application_metrics(std::move(executor), group, log, std::move(root), std::move(*home)));
}

application_metrics::application_metrics(boost::asio::any_io_executor executor, task_group& group, logger& log,
                                         std::string root, netlink::net_namespace home)
    : executor_(std::move(executor)),
      group_(group),
      log_(log),
      root_(std::move(root)),
      home_(std::move(home)),
      slots_("application metrics", at_once, queue_limit)
{
}

void application_metrics::want(const container& of)
{
    if (of.pid <= 0 || !publishes(of)) return;
    const auto now = steady_clock::now();
    if (!entries_.contains(of.id) && entries_.size() >= container_limit) forget_old();
    if (!entries_.contains(of.id) && entries_.size() >= container_limit) return;
    known& one = entries_[of.id];
    one.wanted = now;
    if (one.asking || now < one.due) return;
    one.asking = true;
    group_.spawn("application metrics", ask_in_background(of));
}

void application_metrics::forget_old()
{
    const auto now = steady_clock::now();
    std::erase_if(entries_, [&](const auto& entry) {
        const known& one = entry.second;
        const bool old = !one.asking && now - one.wanted > wanted_lately;
        if (old) bytes_.give_back(one.bytes);
        return old;
    });
}

task<> application_metrics::settle(deadline limit)
{
    const deadline own = deadline::sooner(limit, deadline::in(patience));
    const auto has_fresh = [this] {
        return std::any_of(entries_.begin(), entries_.end(),
                           [](const auto& entry) { return entry.second.fresh && entry.second.asking; });
    };
    while (has_fresh()) {
        const wait_end how = co_await changed_.wait(own);
        if (how != wait_end::told) break;
    }
    // Whoever asks while this goes on need not wait for them as well.
    for (auto& entry : entries_) entry.second.fresh = false;
}

std::shared_ptr<const figures> application_metrics::look(const std::string& id) const
{
    const auto found = entries_.find(id);
    if (found == entries_.end() || steady_clock::now() - found->second.answered > shown_for) return nullptr;
    return found->second.shown;
}

task<> application_metrics::ask_in_background(container of)
{
    forget_old();
    const auto slot = co_await slots_.acquire(deadline::in(longest_pause));
    std::optional<figures> said;
    if (slot) said = co_await ask(of);
    learn(of.id, std::move(said));
    changed_.notify();
}

task<std::optional<figures>> application_metrics::ask(const container& of)
{
    // The job would wait for a thread until its deadline.
    if (pool_.abandoned() > 0) {
        tell(of, error(failure::overloaded, "the files of another container hang"));
        co_return std::nullopt;
    }
    const deadline limit = deadline::in(file_limit);
    auto work = [root = root_, home = home_, of, limit](const abandon_flag& abandoned) {
        return blocking_prepare(root, home, of, limit, abandoned);
    };
    auto prepared = co_await pool_.run("application metrics: the configuration", limit, std::move(work));
    if (!prepared) {
        tell(of, prepared.error());
        co_return std::nullopt;
    }
    for (const error& why : prepared->failures) tell(of, why);
    std::optional<figures> all;
    for (prepared_collector& one : prepared->ready) {
        auto said = co_await ask_collector(std::move(one));
        statistics_.count(said.has_value(), !said && said.error().kind() == failure::timed_out);
        if (!said) {
            tell(of, said.error());
            continue;
        }
        if (!all) all.emplace();
        std::move(said->specs.begin(), said->specs.end(), std::back_inserter(all->specs));
        std::move(said->values.begin(), said->values.end(), std::back_inserter(all->values));
    }
    co_return all;
}

task<result<figures>> application_metrics::ask_collector(prepared_collector one)
{
    const deadline limit = deadline::in(answer_limit);
    http_client::tls_identity identity;
    identity.takes_any_certificate = true;
    http_client::options how;
    how.idle_limit = 0;
    how.socket = std::make_shared<unique_fd>(std::move(one.socket));
    auto made = http_client::make_client(executor_, one.what.to, identity, std::move(how));
    if (!made) co_return made.error();
    http_client::request call = request_for(one.what);
    http_client::outcome got = co_await (*made)->round_trip(std::move(call), limit);
    if (!got.answer) co_return error(got.why.kind, std::move(got.why.message));
    if (got.answer->status != http_ok) {
        co_return error(failure::failed, fmt::format("its answer has the status {}", got.answer->status));
    }
    const time_point now = std::chrono::system_clock::now();
    auto work = [what = std::move(one.what), body = std::move(got.answer->body), now](const abandon_flag&) {
        return what.is_prometheus ? parse_exposition(body, what.wanted, now) : apply_patterns(what.patterns, body, now);
    };
    co_return co_await pool_.run("application metrics: the answer", limit.with_grace(answer_limit), std::move(work));
}

void application_metrics::learn(const std::string& id, std::optional<figures> said)
{
    known& one = entries_.at(id);
    const auto now = steady_clock::now();
    one.asking = false;
    one.fresh = false;
    const auto next = one.pause * 2;
    one.pause = said || one.pause == steady_clock::duration() ? steady_clock::duration(first_pause)
                                                              : std::min<steady_clock::duration>(next, longest_pause);
    one.due = now + one.pause;
    if (!said) return;
    bytes_.give_back(std::exchange(one.bytes, 0));
    one.shown.reset();
    const std::size_t bytes = bytes_of(*said);
    if (!bytes_.charge(bytes)) return;
    one.bytes = bytes;
    one.shown = std::make_shared<const figures>(std::move(*said));
    one.answered = now;
}

void application_metrics::tell(const container& of, const error& why)
{
    // The end of a container is not worth a line, and one reason of a kind is enough: the others are many and alike.
    if (why.kind() == failure::gone || why.kind() == failure::cancelled || !told_.insert(why.kind()).second) return;
    log_.write(log_level::warning, "application metrics of a container are missing",
               {{"container", of.id}, {"reason", why.message()}});
}

}  // namespace nodescope::applications
