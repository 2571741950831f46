#include "netlink/read/address_reading.hpp"

#include "netlink/decode/address.hpp"
#include "netlink/decode/link.hpp"
#include "netlink/text/ip_addr.hpp"
#include "netlink/text/iproute_names.hpp"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include <algorithm>
#include <vector>

namespace nodescope::netlink {
namespace {

// One kind of message, read whole into a vector.
template <class Item>
struct table {
    std::vector<Item> items;
    std::size_t damaged = 0;

    template <class Decode>
    dump_reader reader(std::uint16_t type, Decode decode)
    {
        return {.begin =
                    [this] {
                        items.clear();
                        damaged = 0;
                    },
                .message =
                    [this, type, decode](const nlmsghdr& message) {
                        if (message.nlmsg_type != type) return;
                        auto item = decode(bytes_of(message).subspan(NLMSG_HDRLEN), damaged);
                        if (item) items.push_back(std::move(*item));
                    }};
    }
};

std::vector<std::int32_t> namespace_ids(const std::vector<link>& links)
{
    std::vector<std::int32_t> ids;
    for (const link& known : links) {
        if (known.lower_namespace.value_or(-1) >= 0) ids.push_back(*known.lower_namespace);
    }
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

error cancelled() { return {failure::cancelled, "netlink: read addresses: nobody waits for the answer any more"}; }

}  // namespace

result<addresses_text> blocking_read_addresses(netlink_socket& socket, const std::string& root,
                                               const addresses_limits& limits, deadline limit,
                                               const abandon_flag& abandoned, interface_names* interfaces)
{
    table<link> links;
    const ifinfomsg link_header{};
    const auto links_read =
        dump(socket,
             {.what = "links",
              .message_type = RTM_GETLINK,
              .header = &link_header,
              .header_size = sizeof link_header,
              // With any mask the kernel makes room for the largest link first (rtnl_calcit in net/core/rtnetlink.c).
              .add_attributes = [](nl_msg* message) { nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS); }},
             {limits.links, limits.bytes}, links.reader(RTM_NEWLINK, decode_link), limit);
    if (!links_read) return links_read.error();
    if (abandoned.raised()) return cancelled();

    table<link_address> addresses;
    const ifaddrmsg address_header{};
    const auto addresses_read = dump(socket,
                                     {.what = "addresses",
                                      .message_type = RTM_GETADDR,
                                      .header = &address_header,
                                      .header_size = sizeof address_header},
                                     {limits.addresses, limits.bytes - std::min(limits.bytes, links_read->bytes)},
                                     addresses.reader(RTM_NEWADDR, decode_address), limit);
    if (!addresses_read) return addresses_read.error();
    if (abandoned.raised()) return cancelled();

    if (interfaces != nullptr) {
        for (const link& known : links.items) {
            if (known.name) interfaces->emplace(static_cast<std::uint32_t>(known.index), *known.name);
        }
    }
    const auto namespace_names = blocking_namespace_names(socket, root, namespace_ids(links.items), limit);
    iproute_names names(root);
    addresses_text made;
    made.text = ip_addr_text(links.items, addresses.items, names, namespace_names);
    made.links = links.items.size();
    made.addresses = addresses.items.size();
    made.consistent = links_read->consistent && addresses_read->consistent;
    made.truncated = links_read->truncated || addresses_read->truncated;
    made.damaged = links.damaged + addresses.damaged;
    return made;
}

}  // namespace nodescope::netlink
