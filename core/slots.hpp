// A bounded number of places for concurrent work, with a bounded, first-come-first-served queue before them.
// For the reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace nodescope {

class slot_pool {
    struct impl;

public:
    /// Holds one place; gives it to the next in the queue when destroyed. May outlive the pool.
    class slot {
    public:
        slot() = default;
        slot(slot&& other) noexcept = default;
        slot& operator=(slot other) noexcept
        {
            owner_.swap(other.owner_);
            return *this;
        }
        ~slot();

    private:
        friend class slot_pool;
        explicit slot(std::shared_ptr<impl> owner) noexcept : owner_(std::move(owner)) {}
        std::shared_ptr<impl> owner_;
    };

    /// `name` stands in the messages ("network operations").
    slot_pool(std::string name, std::size_t places, std::size_t queue_limit);

    /// Waits for a place. failure::overloaded when the queue is full, failure::timed_out when `limit` passes first
    /// ("<name>: all 4 places busy for 5s"), failure::cancelled when the caller is cancelled.
    [[nodiscard]] task<result<slot>> acquire(deadline limit);

private:
    std::shared_ptr<impl> impl_;
};

}  // namespace nodescope
