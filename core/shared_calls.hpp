// Identical reads in flight share one call: the first asker starts it, later ones wait for the same result, and when
// the last of them goes away the call is cancelled. Nothing is kept after the call has ended. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

/// T is copied to each asker: use std::shared_ptr<const …> for anything large.
template <class T>
class shared_calls {
public:
    /// Joins the call under `key`, or starts `begin() -> task<result<T>>`. The call is bounded by its own deadline,
    /// which `begin` must set; `limit` bounds this asker's wait: failure::timed_out with "<key>: no result within …".
    /// failure::cancelled when the asker is cancelled. An exception of the call reaches every asker.
    template <class Begin>
    task<result<T>> join(std::string key, deadline limit, Begin begin)
    {
        namespace asio = boost::asio;
        const auto executor = co_await asio::this_coro::executor;

        std::shared_ptr<call> joined;
        if (const auto found = in_flight_->find(key); found != in_flight_->end()) {
            joined = found->second;
        } else {
            joined = std::make_shared<call>();
            in_flight_->emplace(key, joined);
            task<result<T>> operation = begin();
            auto finish = [joined, key, map = in_flight_](std::exception_ptr thrown, result<T> value) {
                joined->thrown = thrown;
                joined->value.emplace(std::move(value));
                forget(*map, key, *joined);
                for (asio::steady_timer* waiter : joined->waiting) waiter->cancel();
            };
            asio::co_spawn(executor, std::move(operation),
                           asio::bind_cancellation_slot(joined->stop.slot(), std::move(finish)));
        }

        ++joined->askers;
        if (!joined->value) {
            asio::steady_timer patience(executor, limit.at());
            joined->waiting.push_back(&patience);
            const bool throwing = co_await asio::this_coro::throw_if_cancelled();
            co_await asio::this_coro::throw_if_cancelled(false);
            const auto [timer_error] = co_await patience.async_wait(asio::as_tuple(asio::use_awaitable));
            co_await asio::this_coro::throw_if_cancelled(throwing);
            std::erase(joined->waiting, &patience);
            if (!joined->value) {
                leave(key, *joined);
                if (timer_error) co_return error(failure::cancelled, fmt::format("{}: the caller went away", key));
                co_return error(failure::timed_out,
                                fmt::format("{}: no result within {}", key, duration_text(limit.limit())));
            }
        }
        --joined->askers;
        if (joined->thrown) std::rethrow_exception(joined->thrown);
        co_return *joined->value;
    }

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_->size(); }

private:
    struct call {
        boost::asio::cancellation_signal stop;
        std::vector<boost::asio::steady_timer*> waiting;  // each lives in the frame of its asker
        std::optional<result<T>> value;
        std::exception_ptr thrown;
        std::size_t askers = 0;
    };
    using call_map = std::map<std::string, std::shared_ptr<call>>;

    /// Later askers must not join a call that has ended or is being cancelled; a newer call under the key stays.
    static void forget(call_map& calls, const std::string& key, const call& ended)
    {
        if (const auto found = calls.find(key); found != calls.end() && found->second.get() == &ended) {
            calls.erase(found);
        }
    }

    void leave(const std::string& key, call& left)
    {
        if (--left.askers > 0) return;
        forget(*in_flight_, key, left);
        left.stop.emit(boost::asio::cancellation_type::terminal);
    }

    // Shared with the completion of each call, which may run after this object is gone.
    std::shared_ptr<call_map> in_flight_ = std::make_shared<call_map>();
};

}  // namespace nodescope
