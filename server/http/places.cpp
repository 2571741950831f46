#include "server/http/places.hpp"

#include <algorithm>

namespace nodescope::http {

namespace {

/// Of all connections: those that only admitted callers get, as many as one of them may have, half at most.
std::size_t kept_places(const connection_places::limits& now) noexcept
{
    return now.keeps_for_admitted ? std::min(now.per_peer, now.all / 2) : 0;
}

}  // namespace

claimant claimant_of(const peer_info& peer)
{
    claimant out;
    // Users of Unix sockets are not limited by connections, and are told apart by what the log shows.
    out.group = peer.limited_by.empty() ? peer.text : peer.limited_by;
    out.admitted = peer.standing == standing::admitted;
    return out;
}

const std::string& connection_places::group_of(const peer_info& peer)
{
    static const std::string strangers = "strangers";
    return peer.standing == standing::stranger ? strangers : peer.limited_by;
}

connection_places::shortage connection_places::for_newcomer(const peer_info& peer, const limits& now) const
{
    const auto group = groups_.find(group_of(peer));
    const std::size_t in_group = group == groups_.end() ? 0 : group->second;
    const std::size_t most =
        peer.standing == standing::stranger ? std::min(strangers_limit, now.per_peer) : now.per_peer;
    if (in_group >= most) return shortage::of_group;
    const bool kept_from_it = peer.standing != standing::admitted && others_ + kept_places(now) >= now.all;
    return kept_from_it || admitted_ + others_ >= now.all ? shortage::of_all : shortage::none;
}

bool connection_places::can_replace(shortage lack, const peer_info& newcomer, const peer_info& other)
{
    if (lack == shortage::of_group) return group_of(newcomer) == group_of(other);
    return other.standing != standing::admitted || newcomer.standing == standing::admitted;
}

void connection_places::take(const peer_info& peer)
{
    ++(peer.standing == standing::admitted ? admitted_ : others_);
    if (const std::string& group = group_of(peer); !group.empty()) ++groups_[group];
}

void connection_places::leave(const peer_info& peer)
{
    --(peer.standing == standing::admitted ? admitted_ : others_);
    const auto group = groups_.find(group_of(peer));
    if (group != groups_.end() && --group->second == 0) groups_.erase(group);
}

}  // namespace nodescope::http
