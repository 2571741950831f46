#include "collectors/runtime/circuit_breaker.hpp"

#include <algorithm>

namespace nodescope {

bool circuit_breakers::admit(const std::string& key, steady_clock::time_point now)
{
    const auto found = states_.find(key);
    if (found == states_.end() || found->second.misses < misses_to_open) return true;
    if (found->second.probing || now < found->second.until) return false;
    found->second.probing = true;
    return true;
}

void circuit_breakers::succeeded(const std::string& key) { states_.erase(key); }

void circuit_breakers::missed(const std::string& key, steady_clock::time_point now)
{
    if (states_.size() >= key_limit && !states_.contains(key)) {
        const auto oldest = std::min_element(states_.begin(), states_.end(), [](const auto& a, const auto& b) {
            return a.second.until < b.second.until;
        });
        states_.erase(oldest);
    }
    state& its = states_[key];
    its.misses = std::min(its.misses + 1, misses_to_open);
    its.probing = false;
    its.until = now + open_for;
}

void circuit_breakers::withdrawn(const std::string& key)
{
    if (const auto found = states_.find(key); found != states_.end()) found->second.probing = false;
}

bool circuit_breakers::is_open(const std::string& key) const
{
    const auto found = states_.find(key);
    return found != states_.end() && found->second.misses >= misses_to_open;
}

}  // namespace nodescope
