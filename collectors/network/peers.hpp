// The other end of each link: of a veth pair, or the link below. In this namespace, in the node's, or in that of a
// container that was found before.
#pragma once

#include "collectors/network/part_source.hpp"
#include "collectors/network/part_text.hpp"
#include "core/error.hpp"
#include "core/json/writer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodescope {

/// Where the other end is.
enum class peer_place { node, container, other };

struct link_peer {
    std::uint32_t index = 0;
    std::string name;
    peer_place place = peer_place::other;
    std::optional<shown_container> container;  ///< whose namespace that is
    std::uint32_t peer_index = 0;
    std::optional<std::string> peer_name;  ///< none where nobody could be asked
    std::optional<std::string> master;     ///< of the other end: its bridge
    bool is_here = false;                  ///< it is in the shown namespace itself
    std::uint32_t peer_flags = 0;          ///< IFF_*, where there is a name
    std::optional<std::uint32_t> peer_mtu;
};

/// Of links whose other end is nowhere there is none.
result<std::vector<link_peer>> blocking_read_peers(part_source& source);
void write_peer(json_writer& json, const link_peer& shown);

/// The part.
result<part_text> blocking_peers(part_source& source);

}  // namespace nodescope
