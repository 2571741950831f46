#include "collectors/findings/facts/link_facts.hpp"

#include "core/url_text.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace nodescope::findings {

std::string name_of(const netlink::detailed_link& link)
{
    return link.name ? *link.name : fmt::format("if{}", link.index);
}

std::string_view kind_of(const netlink::detailed_link& link)
{
    return link.kind ? std::string_view(link.kind->name) : std::string_view();
}

bool is_up(const netlink::detailed_link& link) { return (link.flags & IFF_UP) != 0; }
bool has_carrier(const netlink::detailed_link& link) { return (link.flags & IFF_RUNNING) != 0; }
bool is_loopback(const netlink::detailed_link& link) { return (link.flags & IFF_LOOPBACK) != 0; }

links_by_index::links_by_index(const network_model& model)
{
    for (const netlink::detailed_link& one : model.links.items) links_[static_cast<std::uint32_t>(one.index)] = &one;
}

const netlink::detailed_link* links_by_index::find(std::uint32_t index) const
{
    const auto found = links_.find(index);
    return found != links_.end() ? found->second : nullptr;
}

std::string links_by_index::name(std::uint32_t index) const
{
    const netlink::detailed_link* const link = find(index);
    return link != nullptr ? name_of(*link) : fmt::format("if{}", index);
}

bool is_link_local(std::uint8_t family, const netlink::network_address& address)
{
    constexpr std::uint8_t ten_bits_of_second = 0xC0;
    if (family == AF_INET) return address.bytes[0] == 169 && address.bytes[1] == 254;
    return address.bytes[0] == 0xFE && (address.bytes[1] & ten_bits_of_second) == 0x80;
}

bool is_loopback(std::uint8_t family, const netlink::network_address& address)
{
    if (family == AF_INET) {
        in_addr four{};
        std::memcpy(&four, address.bytes.data(), sizeof(four));
        return nodescope::is_loopback(four);
    }
    in6_addr six{};
    std::memcpy(&six, address.bytes.data(), sizeof(six));
    return nodescope::is_loopback(six);
}

given_addresses addresses_given(const network_model& model)
{
    given_addresses given;
    for (const netlink::link_address& one : model.addresses.items) {
        if (one.local && !is_link_local(one.family, *one.local)) given.emplace(one.link_index, &one);
    }
    return given;
}

std::string text_of(const netlink::link_address& address)
{
    if (!address.local) return {};
    return fmt::format("{}/{}", netlink::address_text(address.family, *address.local), address.prefix_length);
}

}  // namespace nodescope::findings
