#include "server/run/own_answers.hpp"

#include "core/log.hpp"
#include "core/task_group.hpp"
#include "server/http/router.hpp"
#include "server/http/traffic.hpp"
#include "server/run/backends.hpp"
#include "server/run/own_process.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

namespace asio = boost::asio;

namespace {

/// A collector answers with its own failure at the deadline; this much later nobody waits for it any more.
constexpr std::chrono::milliseconds time_to_answer{500};

/// What a coroutine has come to, kept by it too: it may outlive who waits for it.
template <class T>
struct ending {
    std::optional<T> value;
    std::exception_ptr thrown;
};

}  // namespace

struct own_answers::parts {
    explicit parts(const configuration& given) : config(given) {}
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;

    /// None where it does not end before `limit`.
    template <class T>
    std::optional<T> run(task<T> work, std::optional<deadline> limit)
    {
        const auto end = std::make_shared<ending<T>>();
        asio::co_spawn(reactor, std::move(work), [end](const std::exception_ptr& thrown, T value) {
            if (thrown) end->thrown = thrown;
            else end->value = std::move(value);
        });
        reactor.restart();
        while (!end->value && !end->thrown) {
            const std::size_t ran = limit ? reactor.run_one_until(limit->at()) : reactor.run_one();
            if (ran == 0) break;
        }
        if (end->thrown) std::rethrow_exception(end->thrown);
        return std::move(end->value);
    }

    const configuration config;
    logger log{log_level::error, config.format};
    asio::io_context reactor{1};
    task_group group{reactor.get_executor(), log};
    http::traffic memory{config.http.max_body};
    backends behind{reactor.get_executor(), group, log, config, memory.answers};
    std::optional<http::router> table;
};

own_answers::own_answers(std::unique_ptr<parts> built) : parts_(std::move(built)) {}

result<std::unique_ptr<own_answers>> own_answers::make(const configuration& config)
{
    raise_descriptor_limit();
    auto made = std::make_unique<parts>(config);
    if (auto built = made->behind.build(); !built) {
        return error(built.error().kind(), with_source(config, built.error().message()));
    }
    made->table.emplace(made->behind.routes([] { return api::service_state(); }));
    return std::unique_ptr<own_answers>(new own_answers(std::move(made)));
}

own_answers::~own_answers()
{
    // Their frames use what is destroyed before the reactor.
    constexpr std::chrono::seconds to_unwind{1};
    const deadline limit = deadline::in(to_unwind);
    parts_->run(parts_->group.stop(limit), deadline::in(2 * to_unwind));
    parts_->behind.drop_idle();
    parts_->reactor.restart();
    parts_->reactor.poll();
}

http::reply own_answers::blocking_answer(http::request asked)
{
    const auto found = parts_->table->find(asked.verb, asked.path);
    if (found.found == nullptr) return {404, "text/plain; charset=utf-8", fmt::format("there is no {}\n", asked.path)};
    const auto limit = parts_->config.http.request_timeout;
    asked.limit = deadline::in(limit);
    asked.claimant.admitted = true;
    // The coroutine may outlive this function.
    const auto kept = std::make_shared<const http::request>(std::move(asked));
    auto work = [](std::shared_ptr<const http::request> what, const http::route& at) -> task<http::reply> {
        co_return co_await at.handle(*what);
    };
    auto got = parts_->run(work(kept, *found.found), deadline::in(limit + time_to_answer));
    if (got) return std::move(*got);
    return {found.found->deadline_status, "text/plain; charset=utf-8",
            fmt::format("{}: no answer within {}\n", kept->path, duration_text(limit))};
}

void own_answers::blocking_follow(http::body_stream& stream, const std::function<bool(std::string_view)>& take)
{
    // The kernel's log says which processes were killed for their memory.
    parts_->behind.start();
    for (;;) {
        auto piece = parts_->run(stream.next(), std::nullopt);
        if (!piece || !*piece || !take(**piece)) return;
    }
}

bool own_answers::has_stuck_worker() const noexcept { return parts_->behind.has_stuck_worker(); }

}  // namespace nodescope
