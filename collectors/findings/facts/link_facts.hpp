// What several rules ask about links and their addresses.
#pragma once

#include "collectors/findings/network_model.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace nodescope::findings {

/// Its name; "if7" for one that has none.
std::string name_of(const netlink::detailed_link& link);
/// "bridge", "veth"; empty for a card.
std::string_view kind_of(const netlink::detailed_link& link);
bool is_up(const netlink::detailed_link& link);
/// It can carry packets, as far as it knows: what iproute2 does not call NO-CARRIER.
bool has_carrier(const netlink::detailed_link& link);
bool is_loopback(const netlink::detailed_link& link);

/// The links of a model by their indexes; a namespace may have thousands.
class links_by_index {
public:
    explicit links_by_index(const network_model& model);
    /// Null for one that is not there.
    [[nodiscard]] const netlink::detailed_link* find(std::uint32_t index) const;
    [[nodiscard]] std::string name(std::uint32_t index) const;

private:
    std::unordered_map<std::uint32_t, const netlink::detailed_link*> links_;
};

/// Only good on its own link, as the kernel gives itself one: 169.254.0.0/16, fe80::/10.
bool is_link_local(std::uint8_t family, const netlink::network_address& address);
/// 127.0.0.0/8, in IPv6 (::ffff:127.0.0.1) too, and ::1.
bool is_loopback(std::uint8_t family, const netlink::network_address& address);

/// Of each link that has one the first address that somebody has given it: what is only link-local does not count.
using given_addresses = std::unordered_map<int, const netlink::link_address*>;
given_addresses addresses_given(const network_model& model);

/// "10.0.0.2/24"
std::string text_of(const netlink::link_address& address);

}  // namespace nodescope::findings
