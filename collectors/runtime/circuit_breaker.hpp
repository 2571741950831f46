// Stops asking what is not answered in time: after three deadline misses in a row of one read everybody is told so at
// once for five seconds; then one asker may try. Each read has its own, so that a container that blocks the list does
// not take the others with it. Time is passed in.
#pragma once

#include "core/deadline.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace nodescope {

class circuit_breakers {
public:
    /// True when `key` may be asked now. Each true is followed by exactly one of the three below.
    bool admit(const std::string& key, steady_clock::time_point now);
    void succeeded(const std::string& key);
    void missed(const std::string& key, steady_clock::time_point now);
    /// It ended without an answer and without a miss: the asker went away.
    void withdrawn(const std::string& key);

    static constexpr int misses_to_open = 3;
    static constexpr std::chrono::seconds open_for{5};
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

}  // namespace nodescope
