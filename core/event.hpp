// The wait for "told, late or cancelled": coroutines wait for something that others bring about, at most until a
// deadline. Reactor thread only: another thread that has something to tell posts it to the reactor.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <string_view>
#include <vector>

namespace nodescope {

/// How a wait ended. `told` wins where the deadline or the cancellation came at the same moment.
enum class wait_end { told, late, cancelled };

/// Why a wait was in vain: failure::cancelled "<what>: the caller went away", or failure::timed_out "<what>: <state>
/// within 5s".
error not_told(wait_end how, std::string_view what, std::string_view state, const deadline& limit);

class event {
public:
    event() = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    /// Those who still wait are woken as cancelled. A frame that waits may also be destroyed, before or after the
    /// event, as happens when the reactor ends.
    ~event();

    /// It has happened, for good: wakes everyone who waits, one after the other, and later waits are told at once. What
    /// one makes of the news (an answer of megabytes) can so be done with before the next one begins.
    void set();
    /// Something has changed: wakes those who wait now and nobody later. They check themselves what has changed.
    void notify();

    /// Cancellation never throws from here: it gives `cancelled`, at once where it came before the wait began, and the
    /// caller's next co_await throws as usual. The event may be destroyed meanwhile.
    [[nodiscard]] task<wait_end> wait(deadline limit);

private:
    class waiter;
    void wake_next();
    std::vector<waiter*> waiting_;  // each lives in the frame of its wait()
    bool set_ = false;
};

}  // namespace nodescope
