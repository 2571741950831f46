#include "netlink/read/port_uses.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace nodescope::netlink {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const network_address& address)
{
    return std::ranges::equal(std::span(address.bytes).first<12>(), mapped_prefix);
}

network_address unmapped(const network_address& address)
{
    network_address short_form;
    std::memcpy(short_form.bytes.data(), address.bytes.data() + mapped_prefix.size(), 4);
    return short_form;
}

}  // namespace

void port_use_counter::clear()
{
    complete_ = true;
    listening_.reset();
    ports_.clear();
}

void port_use_counter::add(const inet_socket& one)
{
    if (one.state == TCP_LISTEN) {
        listening_.set(one.local_port);
        return;
    }
    if (one.local_port < first_ || one.local_port > last_ || one.remote_port == 0) return;
    if (listening_.test(one.local_port)) return;
    const bool mapped = one.family == AF_INET6 && is_mapped(one.local) && is_mapped(one.remote);
    const network_address local = mapped ? unmapped(one.local) : one.local;
    const network_address remote = mapped ? unmapped(one.remote) : one.remote;
    key made{};
    std::memcpy(made.data(), local.bytes.data(), 16);
    std::memcpy(made.data() + 16, remote.bytes.data(), 16);
    std::memcpy(made.data() + 32, &one.remote_port, sizeof one.remote_port);
    made[34] = static_cast<char>(mapped ? AF_INET : one.family);
    const auto known = ports_.find(made);
    if (known != ports_.end()) ++known->second;
    else if (ports_.size() < most_destinations) ports_.emplace(made, 1U);
    else complete_ = false;
}

std::vector<port_use> port_use_counter::most_used() const
{
    std::vector<const std::pair<const key, std::uint32_t>*> order;
    order.reserve(ports_.size());
    for (const auto& one : ports_) order.push_back(&one);
    const std::size_t shown = std::min(order.size(), most_shown);
    // Of those with as many ports the order is that of their bytes, so that it is always the same.
    std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(shown), [](auto* a, auto* b) {
        return a->second != b->second ? a->second > b->second : a->first < b->first;
    });
    std::vector<port_use> all;
    for (const auto* const entry : std::span(order).first(shown)) {
        port_use& one = all.emplace_back();
        one.family = static_cast<std::uint8_t>(entry->first[34]);
        std::memcpy(one.local.bytes.data(), entry->first.data(), 16);
        std::memcpy(one.remote.bytes.data(), entry->first.data() + 16, 16);
        std::memcpy(&one.remote_port, entry->first.data() + 32, sizeof one.remote_port);
        one.ports = entry->second;
    }
    return all;
}

}  // namespace nodescope::netlink
