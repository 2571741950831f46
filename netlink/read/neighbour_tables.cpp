#include "netlink/read/neighbour_tables.hpp"

#include "netlink/decode/decode.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <utility>

namespace nodescope::netlink {

namespace {

/// Beside the tables, a message for each link, of some 200 bytes.
constexpr dump_limits tables_limit{100'000, 32UL * 1024UL * 1024UL};
/// None of them is held.
constexpr dump_limits counted_neighbours_limit{2'000'000, 256UL * 1024UL * 1024UL};

bool is_exempt(const ndmsg& entry)
{
    return (entry.ndm_state & NUD_PERMANENT) != 0 || (entry.ndm_flags & NTF_EXT_LEARNED) != 0;
}

}  // namespace

result<std::vector<neighbour_table>> blocking_read_neighbour_tables(netlink_socket& socket, deadline limit,
                                                                    const abandon_flag& abandoned)
{
    if (abandoned.raised()) {
        return error(failure::cancelled, "netlink: read neighbour tables: nobody waits for the answer any more");
    }
    std::vector<neighbour_table> all;
    std::size_t damaged = 0;
    const auto take = [&](const nlmsghdr& message) {
        neighbour_table one;
        if (!decode(bytes_of(message), one, damaged)) return;
        const bool wanted = one.family == AF_INET || one.family == AF_INET6;
        if (wanted && one.gc_thresh3) all.push_back(std::move(one));
    };
    const dump_reader reader{.begin = [&] { all.clear(); }, .message = take};
    const ndtmsg header{};
    const dump_request request("neighbour tables", RTM_GETNEIGHTBL, header);
    const auto done = dump(socket, request, tables_limit, reader, limit);
    if (!done) return done.error();
    return all;
}

result<std::size_t> blocking_count_exempt_neighbours(netlink_socket& socket, std::uint8_t family, deadline limit)
{
    std::size_t count = 0;
    const auto take = [&](const nlmsghdr& message) {
        const byte_span payload = after(bytes_of(message), NLMSG_HDRLEN);
        const auto entry = read_struct<ndmsg>(payload);
        if (entry && entry->ndm_family == family && is_exempt(*entry)) ++count;
    };
    const dump_reader reader{.begin = [&] { count = 0; }, .message = take};
    ndmsg header{};
    header.ndm_family = family;
    const auto done = dump(socket, {"neighbours", RTM_GETNEIGH, header}, counted_neighbours_limit, reader, limit);
    if (!done) return done.error();
    if (done->truncated) return error(failure::overloaded, "neighbours: too many to be counted now");
    return count;
}

}  // namespace nodescope::netlink
