#include "netlink/read/way_lookup.hpp"

#include "netlink/decode/decode.hpp"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <utility>

namespace nodescope::netlink {

result<std::optional<detailed_route>> blocking_find_way(netlink_socket& socket, const way_question& question,
                                                        deadline limit)
{
    constexpr int size = 4;
    constexpr std::uint8_t bits = 32;
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_dst_len = bits;
    header.rtm_src_len = question.from ? bits : std::uint8_t{0};
    header.rtm_flags = RTM_F_FIB_MATCH;
    const dump_request request("a route", RTM_GETROUTE, header, [&](nl_msg* message) {
        nla_put(message, RTA_DST, size, question.to.bytes.data());
        if (question.from) nla_put(message, RTA_SRC, size, question.from->bytes.data());
        if (question.through != 0) nla_put_u32(message, RTA_OIF, question.through);
    });
    std::optional<detailed_route> found;
    const auto take = [&found](const nlmsghdr& message) {
        detailed_route one;
        std::size_t damaged = 0;
        if (decode(bytes_of(message), one, damaged)) found = std::move(one);
    };
    const auto asked = request_one(socket, request, take, limit);
    if (asked) return found;
    // ENETUNREACH, EHOSTUNREACH, EACCES and EINVAL are the answers of routes that lead nowhere; EADDRNOTAVAIL comes for
    // a source that is not there.
    const failure why = asked.error().kind();
    if (why == failure::timed_out || why == failure::cancelled) return asked.error();
    return std::optional<detailed_route>();
}

}  // namespace nodescope::netlink
