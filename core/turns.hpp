// One at a time under each key: others with the same key wait, first come, first served. So a caller who wants much
// waits for itself, and takes one place where all wait. For the reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace nodescope {

class turns_by_key {
    struct impl;

public:
    /// Lets the next one with the same key go on when destroyed. May outlive the turns_by_key.
    class turn {
    public:
        turn() = default;
        turn(turn&& other) noexcept = default;
        turn& operator=(turn other) noexcept
        {
            owner_.swap(other.owner_);
            key_.swap(other.key_);
            return *this;
        }
        ~turn();

    private:
        friend class turns_by_key;
        turn(std::shared_ptr<impl> owner, std::string key) noexcept : owner_(std::move(owner)), key_(std::move(key)) {}
        std::shared_ptr<impl> owner_;
        std::string key_;
    };

    /// `name` stands in the messages ("passwords"). There are as many keys as callers hold or wait for turns: whoever
    /// has callers bounds them.
    turns_by_key(std::string name, std::size_t waiting_limit);

    /// Waits for the turn of `key`. failure::overloaded when `waiting_limit` wait under this key already,
    /// failure::timed_out when `limit` passes first, failure::cancelled when the caller is cancelled.
    [[nodiscard]] task<result<turn>> take(std::string key, deadline limit);

    /// Keys with somebody whose turn it is.
    [[nodiscard]] std::size_t keys() const noexcept;

private:
    std::shared_ptr<impl> impl_;
};

}  // namespace nodescope
