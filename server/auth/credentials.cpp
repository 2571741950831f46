#include "server/auth/credentials.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace nodescope::auth {

namespace asio = boost::asio;

namespace {

/// A disk that does not answer must not prevent the next check.
constexpr std::chrono::seconds watch_limit{4};

}  // namespace

credentials::credentials(const credential_paths& paths, worker_pool& workers, logger& log)
    : workers_(workers), log_(log)
{
    if (!paths.token_file.empty()) add_table("tokens", paths.token_file, tokens_);
    if (!paths.password_file.empty()) add_table("passwords", paths.password_file, passwords_);
    if (!paths.certificate_file.empty()) {
        const auto prepare = [this](const std::vector<file_content>& read) -> result<std::function<void()>> {
            tls_texts texts;
            texts.certificate_pem = read[0].text;
            texts.key_pem = read[1].text;
            if (read.size() > 2) texts.client_ca_pem = read[2].text;
            const auto fresh = make_server_context(texts);
            if (!fresh) return fresh.error();
            return std::function<void()>([this, context = *fresh] { tls_ = context; });
        };
        std::vector<guarded_file> files{guarded_file(paths.certificate_file, false),
                                        guarded_file(paths.key_file, true)};
        if (!paths.client_ca_file.empty()) files.emplace_back(paths.client_ca_file, false);
        parts_.push_back({"certificates", std::move(files), prepare, {}, {}, 0, 0});
    }
}

template <class Table>
void credentials::add_table(const char* name, const std::string& path, std::shared_ptr<const Table>& place)
{
    const auto prepare = [path, &place](const std::vector<file_content>& read) -> result<std::function<void()>> {
        auto parsed = Table::parse(read[0].text, path);
        if (!parsed) return parsed.error();
        const auto fresh = std::make_shared<const Table>(std::move(*parsed));
        return std::function<void()>([&place, fresh] { place = fresh; });
    };
    parts_.push_back({name, {guarded_file(path, true)}, prepare, {}, {}, 0, 0});
}

result<credentials::change> credentials::blocking_prepare(const part& from)
{
    change out;
    const auto read = blocking_read_changed(from.files, from.states);
    if (!read) return read.error();
    if (!*read) return out;
    for (const file_content& content : **read) out.states.push_back(content.state);
    auto prepared = from.prepare(**read);
    if (!prepared) return prepared.error();
    out.apply = std::move(*prepared);
    return out;
}

result<std::unique_ptr<credentials>> credentials::blocking_load(const credential_paths& paths, worker_pool& workers,
                                                                logger& log)
{
    std::unique_ptr<credentials> out(new credentials(paths, workers, log));
    for (part& one : out->parts_) {
        auto fresh = blocking_prepare(one);
        if (!fresh) return fresh.error();
        fresh->apply();
        one.states = std::move(fresh->states);
    }
    return out;
}

void credentials::take_over(part& which, change fresh)
{
    which.failure.clear();  // files that are back to what is in use are no change, and no failure any more
    if (!fresh.apply) return;
    fresh.apply();
    which.states = std::move(fresh.states);
    ++which.reloads;
    log_.write(log_level::info, "credentials were read again", {{"what", which.name}});
}

void credentials::keep_old(part& which, const error& reason)
{
    ++which.failures;
    // Logged once for as long as it stays the same: the files are checked every few seconds.
    if (which.failure == reason.message()) return;
    which.failure = reason.message();
    log_.write(log_level::warning, "credentials could not be read again, the old ones stay in use",
               {{"what", which.name}, {"reason", reason.message()}});
}

task<result<void>> credentials::reload_part(part& which, deadline limit)
{
    // A copy: the job may outlive its caller. This object outlives the pool's jobs: the pool is joined first.
    auto work = [copy = which](const abandon_flag&) { return blocking_prepare(copy); };
    auto fresh = co_await workers_.run("reload", limit, std::move(work));
    if (!fresh) {
        keep_old(which, fresh.error());
        co_return fresh.error();
    }
    take_over(which, std::move(*fresh));
    co_return result<void>();
}

task<result<void>> credentials::reload(deadline limit)
{
    const auto turn = co_await one_at_a_time_.acquire(limit);
    if (!turn) co_return turn.error();
    result<void> outcome;
    for (part& one : parts_) {
        const auto done = co_await reload_part(one, limit);
        if (!done && outcome) outcome = done;
    }
    co_return outcome;
}

std::vector<reload_statistics> credentials::statistics() const
{
    std::vector<reload_statistics> out;
    for (const part& one : parts_) out.push_back({one.name, one.reloads, one.failures, !one.failure.empty()});
    return out;
}

task<> credentials::watch()
{
    if (parts_.empty()) co_return;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        timer.expires_after(watch_interval);
        const auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled) co_return;
        const auto done = co_await reload(deadline::in(watch_limit));
        static_cast<void>(done);  // said where it failed
    }
}

}  // namespace nodescope::auth
