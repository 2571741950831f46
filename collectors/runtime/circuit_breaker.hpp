// Stops asking what is not answered in time: after three deadline misses in a row one asker at a time may try, and
// everybody else is told so at once. Between two tries is a pause, short enough for a daemon that is back to be used
// again within a second. What a key stands for is its user's: clients have one for each read, so that a container that
// blocks the list does not take the others with it; container_questions has one for each runtime, so that a daemon that
// is silent about every container is waited for once and not once for each. Time is passed in.
#pragma once

#include "core/deadline.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace nodescope {

class circuit_breakers {
public:
    /// True when `key` may be asked now. Each true is followed by exactly one of the three below.
    bool admit(const std::string& key, steady_clock::time_point now);
    void succeeded(const std::string& key);
    void missed(const std::string& key, steady_clock::time_point now);
    /// It ended without an answer and without a miss: the asker went away.
    void withdrawn(const std::string& key);
    /// Whether the last misses_to_open calls have missed, whoever tries now.
    [[nodiscard]] bool is_open(const std::string& key) const;

    static constexpr int misses_to_open = 3;
    static constexpr std::chrono::milliseconds open_for{500};
    /// Keys hold container names from outside: only those that missed are kept, and no more than this.
    static constexpr std::size_t key_limit = 256;

private:
    struct state {
        int misses = 0;
        bool probing = false;
        steady_clock::time_point until{};
    };
    std::map<std::string, state> states_;
};

/// Tells the circuit breaker how a call ended, once and on every way out: where ended() was not called, it was
/// cancelled.
class circuit_breaker_report {
public:
    circuit_breaker_report(std::shared_ptr<circuit_breakers> breakers, std::string key)
        : breakers_(std::move(breakers)), key_(std::move(key))
    {
    }
    circuit_breaker_report(const circuit_breaker_report&) = delete;
    circuit_breaker_report& operator=(const circuit_breaker_report&) = delete;
    ~circuit_breaker_report()
    {
        if (breakers_) breakers_->withdrawn(key_);
    }
    void ended(bool missed)
    {
        if (missed) breakers_->missed(key_, steady_clock::now());
        else breakers_->succeeded(key_);
        breakers_.reset();
    }

private:
    std::shared_ptr<circuit_breakers> breakers_;
    std::string key_;
};

}  // namespace nodescope
