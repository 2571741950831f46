#include "collectors/network/path/rule_words.hpp"

#include "core/text_scan.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>

namespace nodescope::paths {

namespace {

/// Longer than any address.
constexpr std::size_t longest_address = 64;

}  // namespace

bool prefix::covers(std::uint8_t of_family, const netlink::network_address& one) const
{
    if (family != of_family) return false;
    const std::size_t whole = length / 8U;
    if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                    one.bytes.begin())) {
        return false;
    }
    const unsigned rest = length % 8U;
    return rest == 0 || ((address.bytes[whole] ^ one.bytes[whole]) >> (8U - rest)) == 0;
}

std::optional<prefix> parse_prefix(std::string_view text)
{
    if (text.size() > longest_address) return std::nullopt;
    const auto parts = split_at(text, '/');
    const std::string address(parts ? parts->first : text);
    if (address.find('\0') != std::string::npos) return std::nullopt;
    prefix made;
    if (::inet_pton(AF_INET, address.c_str(), made.address.bytes.data()) == 1) made.family = AF_INET;
    else if (::inet_pton(AF_INET6, address.c_str(), made.address.bytes.data()) == 1) made.family = AF_INET6;
    else return std::nullopt;
    const std::uint8_t longest = made.family == AF_INET ? 32 : 128;
    made.length = longest;
    if (!parts) return made;
    const auto length = whole_number<std::uint8_t>(parts->second);
    if (!length || *length > longest) return std::nullopt;
    made.length = *length;
    return made;
}

std::vector<std::string> words_of_rule(std::string_view line)
{
    std::vector<std::string> words;
    bool inside = false;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char one = line[i];
        if (!quoted && (one == ' ' || one == '\t')) {
            inside = false;
            continue;
        }
        if (!inside) words.emplace_back();
        inside = true;
        if (one == '"') quoted = !quoted;
        else if (quoted && one == '\\' && i + 1 < line.size()) words.back() += line[++i];
        else words.back() += one;
    }
    return words;
}

std::optional<std::uint8_t> protocol_called(std::string_view word)
{
    if (word == "tcp") return IPPROTO_TCP;
    if (word == "udp") return IPPROTO_UDP;
    if (word == "icmp") return IPPROTO_ICMP;
    if (word == "ipv6-icmp" || word == "icmpv6") return IPPROTO_ICMPV6;
    if (word == "sctp") return IPPROTO_SCTP;
    return whole_number<std::uint8_t>(word);
}

bool add_ports(rule& to, std::string_view word, char between)
{
    const auto parts = split_at(word, between);
    const auto first = whole_number<std::uint16_t>(parts ? parts->first : word);
    const auto last = parts ? whole_number<std::uint16_t>(parts->second) : first;
    if (!first || !last) return false;
    to.ports.emplace_back(*first, *last);
    return true;
}

void take_translation(rule& to, std::string_view word)
{
    std::string_view address = word;
    std::string_view port;
    if (word.starts_with('[')) {
        const std::size_t end = std::min(word.find(']'), word.size());
        address = word.substr(1, end - 1);
        port = end + 1 < word.size() ? word.substr(end + 1) : std::string_view();
    } else if (std::ranges::count(word, ':') == 1) {
        address = word.substr(0, word.find(':'));
        port = word.substr(address.size());
    }
    const auto parsed = address.find('/') == std::string_view::npos ? parse_prefix(address) : std::nullopt;
    if (!parsed) return;
    if (port.starts_with(':')) {
        to.translated_port = whole_number<std::uint16_t>(port.substr(1));
        // A range of ports is no port.
        if (!to.translated_port) return;
    }
    to.translation = parsed;
}

void take_states(rule& to, std::string_view list, bool negated)
{
    bool has_new = false;
    for_each_part(list, ',', [&](std::string_view one) {
        has_new = has_new || one == "NEW" || one == "new" || one == "UNTRACKED" || one == "untracked";
        return true;
    });
    if (has_new == negated) to.only_known_connections = true;
}

}  // namespace nodescope::paths
