// Which connections there is room for. Callers that are known to be allowed have places of their own, users of this
// machine that are not share a few, and everybody else is limited by address. Pure: who gives way is decided by the
// server, which knows what its sessions do.
#pragma once

#include "server/http/fair_budget.hpp"
#include "server/http/gate.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>

namespace nodescope::http {

/// Whose bytes are those that a connection of `peer` holds.
claimant claimant_of(const peer_info& peer);

class connection_places {
public:
    /// All users of this machine that are not admitted, together. Enough for probes and for a refusal each.
    static constexpr std::size_t strangers_limit = 16;

    struct limits {
        std::size_t all = 0;
        std::size_t per_peer = 0;
        bool keeps_for_admitted = false;
    };
    /// What a newcomer lacks: a place among those it is counted with, or one at all.
    enum class shortage { none, of_group, of_all };

    [[nodiscard]] shortage for_newcomer(const peer_info& peer, const limits& now) const;
    /// Whether `newcomer` can have the place of `other`, should that give way.
    [[nodiscard]] static bool can_replace(shortage lack, const peer_info& newcomer, const peer_info& other);

    void take(const peer_info& peer);
    void leave(const peer_info& peer);

private:
    [[nodiscard]] static const std::string& group_of(const peer_info& peer);

    std::map<std::string, std::size_t, std::less<>> groups_;
    std::size_t admitted_ = 0;
    std::size_t others_ = 0;
};

}  // namespace nodescope::http
