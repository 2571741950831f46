#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cstddef>

namespace nodescope::netlink {

// neightbl_fill_info in net/core/neighbour.c. The settings of one link are messages of the same type, without these.
bool decode(byte_span message, neighbour_table& to, std::size_t& damaged)
{
    const auto begin = [&to](const ndtmsg& header) {
        to.family = header.ndtm_family;
        return true;
    };
    const auto take = [&to, &damaged](std::uint16_t type, byte_span value) {
        switch (type) {
            case NDTA_NAME: to.name = string_payload(value); return;
            case NDTA_THRESH3: return take_number(to.gc_thresh3, value, damaged);
            case NDTA_CONFIG: {
                const auto config = read_struct<ndt_config>(value);
                if (config) to.entries = config->ndtc_entries;
                else ++damaged;
                return;
            }
            case NDTA_STATS: {
                // The last member is from Linux 4.3; it is aligned to 4 bytes alone here.
                if (value.size() < offsetof(ndt_stats, ndts_table_fulls)) ++damaged;
                else if (value.size() >= sizeof(ndt_stats))
                    to.table_fulls = read_struct<ndt_stats>(value)->ndts_table_fulls;
                return;
            }
            default: return;
        }
    };
    return decode_message<ndtmsg>(RTM_NEWNEIGHTBL, message, damaged, begin, take);
}

}  // namespace nodescope::netlink
