#include "server/http/giving_way.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace nodescope::http {
namespace {

using kind = caller_number::kind;

constexpr std::uint64_t wide = 1U << 16U;
constexpr std::uint64_t narrow = 1U << 8U;

const steady_clock::time_point begin{};

place_holder from(std::uint64_t number, bool greeted = false)
{
    place_holder out;
    out.who = {kind::v4, number};
    out.greeted = greeted;
    out.since = begin;
    return out;
}

place_holder admitted(std::uint64_t user)
{
    place_holder out = from(user);
    out.who.of = kind::user;
    out.admitted = true;
    return out;
}

/// Of one who comes when the others have been there for `waited`.
place_holder newcomer(std::uint64_t number, std::chrono::milliseconds waited = std::chrono::milliseconds(0))
{
    place_holder out = from(number);
    out.since = begin + waited;
    return out;
}

/// With a turn for each, in the order in which they stand here.
std::vector<place_holder> in_turn(std::vector<place_holder> some)
{
    std::uint64_t turn = 0;
    for (place_holder& one : some) one.turn = turn++;
    std::stable_sort(some.begin(), some.end(), [](const auto& a, const auto& b) { return a.who < b.who; });
    return some;
}

/// The turn of who gives way.
std::optional<std::uint64_t> chosen(std::vector<place_holder> some, place_holder newcomer)
{
    newcomer.turn = some.size();
    const auto held = in_turn(std::move(some));
    const auto index = choose_to_give_way(held, newcomer);
    return index ? std::optional(held[*index].turn) : std::nullopt;
}

/// Newcomers from `next()`, as many as there are places many times over, take them from each other.
template <class Next>
bool survives(place_holder honest, Next next)
{
    constexpr std::size_t places = 64;
    constexpr int newcomers = 2'000;
    std::vector<place_holder> held{honest};
    for (int count = 0; count < newcomers; ++count) {
        place_holder one = next(count);
        one.turn = static_cast<std::uint64_t>(count) + 1;
        if (held.size() == places) {
            const auto index = choose_to_give_way(held, one);
            if (!index) continue;
            if (held[*index].turn == 0) return false;
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(*index));
        }
        const auto behind = [](const place_holder& a, const place_holder& b) { return a.who < b.who; };
        held.insert(std::upper_bound(held.begin(), held.end(), one, behind), one);
    }
    return true;
}

TEST(GivingWay, TheOldestOfTheCallerWhoHasMost)
{
    EXPECT_EQ(chosen({from(1), from(2), from(2), from(3)}, newcomer(4)), 1U);
}

TEST(GivingWay, TheOldestWhereAllHaveAsMany)
{
    EXPECT_EQ(chosen({from(9 * wide), from(1 * wide), from(5 * wide)}, newcomer(4 * wide)), 0U);
}

TEST(GivingWay, NobodyForWhomHasMostAlready)
{
    EXPECT_EQ(chosen({from(1), from(2), from(2), from(3)}, newcomer(2)), std::nullopt);
    EXPECT_EQ(chosen({from(1), from(2), from(2), from(3)}, newcomer(2, own_patience)), 1U);
    EXPECT_EQ(chosen({}, newcomer(2)), std::nullopt);
}

TEST(GivingWay, AttackersDisplaceEachOther)
{
    constexpr std::uint64_t far = 200 * wide;
    const auto one_address = [](int) { return newcomer(7, own_patience); };
    const auto one_network = [](int count) { return newcomer(static_cast<std::uint64_t>(count) % narrow); };
    const auto many_small = [](int count) { return newcomer(static_cast<std::uint64_t>(count) * narrow); };
    const auto some_wide = [](int count) {
        const auto number = static_cast<std::uint64_t>(count);
        return newcomer(number % 40 * wide + number * narrow % wide + number % narrow);
    };
    EXPECT_TRUE(survives(from(far), one_address));
    EXPECT_TRUE(survives(from(far), one_network));
    EXPECT_TRUE(survives(from(far), many_small));
    EXPECT_TRUE(survives(from(far), some_wide));
    // In a network of theirs, where they have more from each of their addresses.
    EXPECT_TRUE(survives(from(9), [](int count) { return newcomer(static_cast<std::uint64_t>(count) % 8); }));
}

TEST(GivingWay, WhoIsGreetedOutlastsThoseWhoAreNot)
{
    const auto everywhere = [](int count) { return newcomer(static_cast<std::uint64_t>(count) * wide); };
    EXPECT_FALSE(survives(from(5 * wide + 1), everywhere));
    EXPECT_TRUE(survives(from(5 * wide + 1, true), everywhere));
}

TEST(GivingWay, ThoseWhoAreGreetedLeaveAPartForTheOthers)
{
    std::vector<place_holder> held;
    for (std::uint64_t number = 0; number < 20; ++number) held.push_back(from(number, true));
    held.push_back(from(30));
    EXPECT_EQ(chosen(held, newcomer(31)), 0U);
}

TEST(GivingWay, WhoIsAdmittedOnlyToAnother)
{
    EXPECT_EQ(chosen({admitted(0), from(1)}, admitted(0)), 1U);
    EXPECT_EQ(chosen({admitted(0), admitted(0)}, admitted(0)), 0U);
    EXPECT_EQ(chosen({admitted(0), admitted(0)}, newcomer(1)), std::nullopt);
}

}  // namespace
}  // namespace nodescope::http
