#include "collectors/runtime/known_containers.hpp"

#include <algorithm>
#include <utility>

namespace nodescope {

template <class Value>
void known_containers::make_room(table<Value>& in, std::size_t limit)
{
    if (in.size() < limit) return;
    const auto oldest = std::min_element(in.begin(), in.end(),
                                         [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    in.erase(oldest);
}

known_container* known_containers::find(std::string_view id)
{
    const auto found = containers_.find(id);
    if (found == containers_.end()) return nullptr;
    found->second.used = ++uses_;
    return &found->second.value;
}

void known_containers::keep(known_container one)
{
    const std::size_t longest = std::max({one.id.size(), one.name.size(), one.runtime.size(), one.started_at.size(),
                                          one.low_level_runtime.size(), one.network_file.size()});
    if (longest > text_limit || one.pid <= 0) return;
    if (!containers_.contains(one.id)) make_room(containers_, container_limit);
    std::string id = one.id;
    auto& place = containers_[std::move(id)];
    place.value = std::move(one);
    place.used = ++uses_;
}

std::vector<known_container> known_containers::all() const
{
    std::vector<known_container> copies;
    copies.reserve(containers_.size());
    for (const auto& [id, entry] : containers_) copies.push_back(entry.value);
    return copies;
}

void known_containers::forget_process(std::string_view id)
{
    if (const auto found = containers_.find(id); found != containers_.end()) containers_.erase(found);
}

void known_containers::forget(std::string_view id)
{
    forget_process(id);
    std::erase_if(words_, [&](const auto& one) { return one.second.value.id == id; });
}

const known_containers::meaning* known_containers::meaning_of(std::string_view word)
{
    const auto found = words_.find(word);
    if (found == words_.end()) return nullptr;
    found->second.used = ++uses_;
    return &found->second.value;
}

void known_containers::mean(std::string_view word, std::string_view id, steady_clock::time_point now)
{
    if (word.empty() || std::max(word.size(), id.size()) > text_limit) return;
    if (!words_.contains(word)) make_room(words_, word_limit);
    auto& place = words_[std::string(word)];
    place.value.id = id;
    place.value.heard = now;
    place.used = ++uses_;
}

void known_containers::forget_word(std::string_view word)
{
    if (const auto found = words_.find(word); found != words_.end()) words_.erase(found);
}

}  // namespace nodescope
