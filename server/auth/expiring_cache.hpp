// A bounded map whose entries expire. When it is full, the oldest entry makes room. Reactor thread only.
#pragma once

#include "core/deadline.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace nodescope::auth {

template <class Value>
class expiring_cache {
public:
    using clock = std::function<steady_clock::time_point()>;

    expiring_cache(std::size_t most, steady_clock::duration lifetime, clock now = steady_clock::now)
        : most_(most), lifetime_(lifetime), now_(std::move(now))
    {
    }

    /// Null when there is no entry, or it has expired. Valid until the next call.
    const Value* find(std::string_view key)
    {
        const auto found = index_.find(std::string(key));
        if (found == index_.end()) return nullptr;
        if (found->second->until <= now_()) {
            erase(found);
            return nullptr;
        }
        return &found->second->value;
    }

    void put(std::string key, Value value)
    {
        if (const auto old = index_.find(key); old != index_.end()) erase(old);
        while (entries_.size() >= most_) erase(index_.find(entries_.front().key));
        entries_.push_back(entry{key, std::move(value), now_() + lifetime_});
        index_.emplace(std::move(key), std::prev(entries_.end()));
    }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    struct entry {
        std::string key;
        Value value;
        steady_clock::time_point until;
    };
    using index_map = std::unordered_map<std::string, typename std::list<entry>::iterator>;

    void erase(typename index_map::iterator which)
    {
        entries_.erase(which->second);
        index_.erase(which);
    }

    std::size_t most_;
    steady_clock::duration lifetime_;
    clock now_;
    std::list<entry> entries_;  // the oldest first
    index_map index_;
};

}  // namespace nodescope::auth
