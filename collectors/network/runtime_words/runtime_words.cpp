#include "collectors/network/runtime_words/runtime_words.hpp"

#include "collectors/network/runtime_words/cni_results.hpp"
#include "collectors/questions/container_network.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope {

namespace {

struct parsed_address {
    std::uint8_t family = 0;
    netlink::network_address bytes;
};

std::optional<parsed_address> address_of(const std::string& text)
{
    parsed_address made;
    made.family = text.find(':') != std::string::npos ? AF_INET6 : AF_INET;
    if (::inet_pton(made.family, text.c_str(), made.bytes.bytes.data()) != 1) return std::nullopt;
    // inet_pton stops at a zero byte.
    if (text.find('\0') != std::string::npos) return std::nullopt;
    return made;
}

/// CRI's runtimes repeat what the plugins have told them, who say more of it.
void leave_to(const std::vector<findings::runtime_words>& others, findings::runtime_words& words)
{
    const auto told = [&](const findings::said_address& said) {
        const auto same = [&](const findings::said_address& one) {
            return one.family == said.family && one.address == said.address;
        };
        return std::ranges::any_of(others, [&](const auto& one) { return std::ranges::any_of(one.addresses, same); });
    };
    std::erase_if(words.addresses, told);
    std::erase_if(words.tcp_ports, [&](std::uint16_t port) {
        return std::ranges::any_of(
            others, [&](const auto& one) { return std::ranges::find(one.tcp_ports, port) != one.tcp_ports.end(); });
    });
}

}  // namespace

findings::runtime_words words_of(const network_words& said)
{
    findings::runtime_words words;
    words.runtime = said.runtime;
    words.tcp_ports = said.tcp_ports;
    for (const given_address& one : said.addresses) {
        if (const auto address = address_of(one.address)) {
            findings::said_address& to = words.addresses.emplace_back();
            to.network = one.network;
            to.family = address->family;
            to.address = address->bytes;
            const std::int64_t longest = address->family == AF_INET6 ? 128 : 32;
            if (one.prefix_length > 0 && one.prefix_length <= longest)
                to.prefix_length = static_cast<std::uint8_t>(one.prefix_length);
        }
        if (const auto gateway = address_of(one.gateway)) {
            findings::said_address& to = words.gateways.emplace_back();
            to.network = one.network;
            to.family = gateway->family;
            to.address = gateway->bytes;
        }
    }
    return words;
}

findings::model_list<findings::runtime_words> blocking_compare_networks(const std::string& root,
                                                                        const network_words& said)
{
    findings::model_list<findings::runtime_words> made;
    findings::runtime_words& words = made.items.emplace_back(words_of(said));
    if (said.pid <= 0 || said.pid > std::numeric_limits<pid_t>::max()) return made;
    const auto made_by_it = network_mounted_on(root, said.network_file);
    const auto first = network_of_process(root, static_cast<pid_t>(said.pid));
    if (!made_by_it || !first) return made;
    words.netns = made_by_it->inode;
    words.first_process = static_cast<std::uint64_t>(said.pid);
    words.first_process_netns = first->inode;
    return made;
}

void blocking_add_words(part_source& source, unsigned needed, const std::optional<network_words>& said,
                        const std::string& missing, findings::network_model& model)
{
    if ((needed & findings::runtime_input) == 0) return;
    if (said) model.runtimes = blocking_compare_networks(source.root, *said);
    else model.runtimes.missing = missing;
    if (model.is_node) return;
    auto by_plugins = blocking_read_cni_results(source.root, model.netns, source.limit, source.abandoned);
    // Then nobody else has set it up.
    if (!by_plugins.items.empty()) model.runtimes.missing.clear();
    if (!by_plugins.missing.empty()) model.runtimes.missing = std::move(by_plugins.missing);
    for (findings::runtime_words& words : model.runtimes.items) leave_to(by_plugins.items, words);
    std::ranges::move(by_plugins.items, std::back_inserter(model.runtimes.items));
}

}  // namespace nodescope
