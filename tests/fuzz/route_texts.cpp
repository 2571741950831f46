// The tables of `route` and `route -6`: whatever routes, names and interface names there are, every line fits its
// buffer and every counted line is there.
#include "netlink/decode/proc_files.hpp"
#include "netlink/text/name_tables.hpp"
#include "netlink/text/route.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

using namespace nodescope::netlink;

namespace {

void check(const std::string& text, std::size_t lines)
{
    // Names may hold newlines: interfaces cannot in the kernel, but our input is anything.
    if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) < lines + 2) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // The first line is the hosts file in one line, and an interface name; the rest are routes, in both forms.
    const std::string_view all(reinterpret_cast<const char*>(bytes), size);
    const std::string_view first = all.substr(0, all.find('\n'));
    const std::string_view rest = all.substr(std::min(first.size() + 1, all.size()));
    const name_tables names(first, first);
    const interface_names interfaces{{2, std::string(first)}};

    std::size_t lines = 0;
    check(route6_text(decode_ipv6_routes(rest), names, lines), lines);

    std::vector<route> routes(rest.size() / sizeof(std::uint32_t) / 4);
    for (std::size_t i = 0; i < routes.size(); ++i) {
        std::uint32_t words[4];
        std::memcpy(words, rest.data() + i * sizeof(words), sizeof(words));
        route& made = routes[i];
        made.family = AF_INET;
        made.table = RT_TABLE_MAIN;
        std::memcpy(made.destination.bytes.data(), &words[0], sizeof(words[0]));
        made.priority = words[2];
        made.destination_length = static_cast<std::uint8_t>(words[3] % 33);
        made.type = static_cast<std::uint8_t>(words[3] >> 8U);
        if ((words[3] & 0x20000U) != 0) continue;
        next_hop& hop = made.hops.emplace_back();
        std::memcpy(hop.gateway.bytes.data(), &words[1], sizeof(words[1]));
        hop.gateway_family = (words[3] & 0x10000U) != 0 ? AF_INET6 : AF_INET;
        hop.interface_index = words[3] >> 24U;
    }
    lines = 0;
    check(route_text(routes, interfaces, names, lines), lines);
    return 0;
}
