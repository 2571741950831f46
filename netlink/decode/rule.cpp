#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

namespace nodescope::netlink {

bool decode(byte_span message, routing_rule& to, std::size_t& damaged)
{
    return decode_message<fib_rule_hdr>(
        RTM_NEWRULE, message, damaged,
        [&](const fib_rule_hdr& header) {
            to.family = header.family;
            to.action = header.action;
            to.table = header.table;
            return true;
        },
        [&](std::uint16_t type, byte_span value) {
            if (type == FRA_PRIORITY) take_number(to.priority, value, damaged);
            if (type == FRA_TABLE) take_number(to.table, value, damaged);
        });
}

}  // namespace nodescope::netlink
