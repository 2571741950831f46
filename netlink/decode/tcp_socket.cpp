#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include <cstddef>
#include <cstdint>

namespace nodescope::netlink {

bool decode(byte_span message, tcp_socket& to, std::size_t& damaged)
{
    const auto begin = [&to](const inet_diag_msg& header) {
        if (header.idiag_family != AF_INET && header.idiag_family != AF_INET6) return false;
        to.ours = endpoint_of(header.idiag_family, header.id.idiag_src, header.id.idiag_sport);
        to.theirs = endpoint_of(header.idiag_family, header.id.idiag_dst, header.id.idiag_dport);
        to.state = header.idiag_state;
        to.uid = header.idiag_uid;
        to.inode = header.idiag_inode;
        return true;
    };
    const auto take = [&to, &damaged](std::uint16_t type, byte_span value) {
        if (type == INET_DIAG_CGROUP_ID) take_number(to.cgroup, value, damaged);
    };
    return decode_message<inet_diag_msg>(SOCK_DIAG_BY_FAMILY, message, damaged, begin, take);
}

}  // namespace nodescope::netlink
