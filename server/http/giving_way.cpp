#include "server/http/giving_way.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace nodescope::http {

namespace {

/// From the widest to one caller: IPv4 /16, /24 and the address, IPv6 /48, /56 and /64.
constexpr std::array<unsigned, 3> widths{16, 8, 0};

/// One who has a place, or wants one.
struct claim {
    caller_number who;
    std::uint64_t turn = 0;
    std::size_t index = 0;  ///< among the holders
};

bool are_neighbours(const claim& a, const claim& b, unsigned width)
{
    return a.who.of == b.who.of && a.who.number >> width == b.who.number >> width;
}

/// The part of `sorted` that is one network of this width, and the largest; of several, the one with the oldest claim.
/// Callers of one network lie side by side.
std::span<const claim> largest_network(std::span<const claim> sorted, unsigned width)
{
    std::size_t largest_begin = 0;
    std::size_t largest_size = 0;
    std::uint64_t largest_oldest = 0;
    for (std::size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
        std::uint64_t oldest = sorted[begin].turn;
        for (end = begin + 1; end < sorted.size() && are_neighbours(sorted[begin], sorted[end], width); ++end) {
            oldest = std::min(oldest, sorted[end].turn);
        }
        const std::size_t size = end - begin;
        if (size < largest_size || (size == largest_size && oldest > largest_oldest)) continue;
        largest_begin = begin;
        largest_size = size;
        largest_oldest = oldest;
    }
    return sorted.subspan(largest_begin, largest_size);
}

/// Those of `holders` that the choice is among.
std::vector<claim> contenders(std::span<const place_holder> holders, bool admitted)
{
    std::size_t greeted = 0;
    std::size_t all = 0;
    for (const place_holder& one : holders) {
        if (one.admitted != admitted) continue;
        ++all;
        if (one.greeted) ++greeted;
    }
    const bool of_greeted = (all - greeted) * ungreeted_part < all;
    std::vector<claim> chosen;
    chosen.reserve(all + 1);
    for (std::size_t index = 0; index < holders.size(); ++index) {
        const place_holder& one = holders[index];
        if (one.admitted == admitted && one.greeted == of_greeted) chosen.push_back({one.who, one.turn, index});
    }
    return chosen;
}

}  // namespace

std::optional<std::size_t> choose_to_give_way(std::span<const place_holder> holders, const place_holder& newcomer)
{
    std::vector<claim> claims = contenders(holders, false);
    if (claims.empty() && newcomer.admitted) claims = contenders(holders, true);
    if (claims.empty()) return std::nullopt;
    if (!newcomer.admitted) {
        const auto behind = [](const caller_number& who, const claim& one) { return who < one.who; };
        claims.insert(std::upper_bound(claims.begin(), claims.end(), newcomer.who, behind),
                      {newcomer.who, newcomer.turn, holders.size()});
    }
    std::span<const claim> most = claims;
    for (const unsigned width : widths) most = largest_network(most, width);
    // All of one caller, in the order in which they came.
    const std::size_t index = most.front().index;
    if (index == holders.size()) return std::nullopt;
    const place_holder& chosen = holders[index];
    const bool own = chosen.who == newcomer.who && !newcomer.admitted;
    if (own && newcomer.since - chosen.since < own_patience) return std::nullopt;
    return index;
}

}  // namespace nodescope::http
