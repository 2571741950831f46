// The wait for "told, late or cancelled": coroutines wait for something that others bring about, at most until a
// deadline. Reactor thread only; what another thread has to tell it posts to the reactor.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <vector>

namespace nodescope {

/// How a wait ended. What was told counts, even where the deadline or the cancellation came in the same moment.
enum class wait_end { told, late, cancelled };

class event {
public:
    event() = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    /// Whoever still waits is woken as cancelled. A frame that waits may also be destroyed, before or after the event,
    /// as happens when the reactor ends.
    ~event();

    /// It has happened, once and for all: wakes everyone who waits, and whoever waits later is told at once.
    void set();
    /// Something has changed: wakes those who wait now, nobody later. They look at what they wait for themselves.
    void notify();

    /// Cancellation never throws from here: it gives `cancelled`, at once where it came before the wait began, and the
    /// caller's next co_await throws as usual. The event may be destroyed meanwhile.
    [[nodiscard]] task<wait_end> wait(deadline limit);

private:
    class waiter;
    std::vector<waiter*> waiting_;  // each lives in the frame of its wait()
    bool set_ = false;
};

}  // namespace nodescope
