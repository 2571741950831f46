// Identical reads in flight share one call: the first asker starts it, later ones wait for the same result, and when
// the last of them goes away the call is cancelled. Nothing is kept after the call has ended. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/event.hpp"
#include "core/task.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace nodescope {

/// What does not depend on the type of the result.
class call_table {
public:
    /// Called with the key of a call when its last asker's time is up, before the call is cancelled.
    using deserted = std::function<void(const std::string& key)>;

    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_->size(); }

protected:
    struct call {
        explicit call(deadline limit) : until(limit) {}
        virtual ~call() = default;
        const deadline until;
        boost::asio::cancellation_signal stop;
        event ended;
        std::exception_ptr thrown;
        std::size_t askers = 0;
    };

    explicit call_table(deserted tell) : tell_(std::move(tell)) {}
    ~call_table() = default;
    [[nodiscard]] std::shared_ptr<call> find(const std::string& key) const;
    /// Runs `work` on its own under `key`. It belongs to nobody who asks.
    void start(const boost::asio::any_io_executor& executor, const std::string& key, std::shared_ptr<call> begun,
               task<> work);
    /// Nothing once the call has ended; else why this asker does not get its result.
    task<std::optional<error>> end_of(std::shared_ptr<call> joined, std::string key, deadline limit);

private:
    using call_map = std::map<std::string, std::shared_ptr<call>>;
    static void forget(call_map& calls, const std::string& key, const call& ended);

    const deserted tell_;
    // Shared with the completion of each call, which may run after this object is gone.
    std::shared_ptr<call_map> in_flight_ = std::make_shared<call_map>();
};

/// T is copied to each asker: use std::shared_ptr<const …> for anything large.
template <class T>
class shared_calls : public call_table {
public:
    /// `limit` bounds each call, whoever asks and however long they can wait.
    explicit shared_calls(steady_clock::duration limit, deserted tell = {})
        : call_table(std::move(tell)), limit_([limit] { return limit; })
    {
    }
    /// For a limit that changes: asked for as each call begins.
    explicit shared_calls(std::function<steady_clock::duration()> limit) : call_table({}), limit_(std::move(limit)) {}

    /// Joins the call under `key`, or starts `begin(deadline) -> task<result<T>>`, which keeps to the deadline it is
    /// given and refers to nothing of the asker that began it, which may leave before the others. `limit` bounds this
    /// asker's wait alone: failure::timed_out with "<key>: no result within …". A call that runs out of its own time
    /// gives its failure::timed_out to the asker that began it; an asker that joined later and can wait longer begins a
    /// new one. failure::cancelled when the asker is cancelled. An exception of the call reaches every asker.
    template <class Begin>
    task<result<T>> join(std::string key, deadline limit, Begin begin)
    {
        const auto executor = co_await boost::asio::this_coro::executor;
        for (;;) {
            auto joined = std::static_pointer_cast<typed_call>(find(key));
            const bool began = !joined;
            if (began) {
                joined = std::make_shared<typed_call>(deadline::in(limit_()));
                task<> work = keep(joined, begin(joined->until));
                start(executor, key, joined, std::move(work));
            }
            auto waiting = end_of(joined, key, limit);
            const std::optional<error> failed = co_await std::move(waiting);
            if (failed) co_return *failed;
            if (joined->thrown) std::rethrow_exception(joined->thrown);
            const result<T>& got = *joined->value;
            if (got || began || got.error().kind() != failure::timed_out || limit.passed()) co_return got;
        }
    }

private:
    struct typed_call final : call {
        using call::call;
        std::optional<result<T>> value;
    };

    static task<> keep(std::shared_ptr<typed_call> of, task<result<T>> work)
    {
        result<T> got = co_await std::move(work);
        of->value.emplace(std::move(got));
    }

    const std::function<steady_clock::duration()> limit_;
};

}  // namespace nodescope
