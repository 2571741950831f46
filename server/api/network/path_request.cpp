#include "server/api/network/path_request.hpp"

#include "core/text.hpp"
#include "core/text_scan.hpp"
#include "server/api/network/whose_network.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

constexpr std::array<std::string_view, 3> path_parameters{"to", "port", "protocol"};
constexpr std::size_t shown_value_bytes = 64;

error wrong_path(std::string_view what, std::string_view value, std::string_view must)
{
    return {failure::invalid,
            fmt::format("path: {} is \"{}\", and must be {}", what, escape_untrusted(value, shown_value_bytes), must)};
}

result<void> take_destination(paths::packet& to, std::string_view text)
{
    // Longer than any address.
    constexpr std::size_t longest = 64;
    const std::string address(text.substr(0, longest));
    const bool whole = text.size() < longest && address.find('\0') == std::string::npos;
    if (whole && ::inet_pton(AF_INET, address.c_str(), to.destination.bytes.data()) == 1) {
        to.family = AF_INET;
        return {};
    }
    if (whole && ::inet_pton(AF_INET6, address.c_str(), to.destination.bytes.data()) == 1) {
        to.family = AF_INET6;
        return {};
    }
    return wrong_path("to", text, "an address of IPv4 or IPv6");
}

}  // namespace

result<path_query> parse_path_request(const url_query& given)
{
    if (const auto names = check_network_parameters(given, path_parameters); !names) return names.error();
    auto whose = whose_network(given);
    if (!whose) return whose.error();
    paths::packet what;
    if (!given.has("to")) return error(failure::invalid, "path: to=ADDRESS is missing: where the packet is to go");
    if (const auto taken = take_destination(what, given.get("to")); !taken) return taken.error();
    if (given.has("protocol")) {
        const std::string_view word = given.get("protocol");
        if (word != "tcp" && word != "udp") return wrong_path("protocol", word, "tcp or udp");
        what.protocol = word == "tcp" ? IPPROTO_TCP : IPPROTO_UDP;
    }
    if (given.has("port")) {
        const auto port = whole_number<std::uint16_t>(given.get("port"));
        if (!port || *port == 0) return wrong_path("port", given.get("port"), "a number from 1 to 65535");
        what.port = *port;
        if (what.protocol == 0) what.protocol = IPPROTO_TCP;
    }
    return path_query(std::move(*whose), what);
}

}  // namespace nodescope::api
