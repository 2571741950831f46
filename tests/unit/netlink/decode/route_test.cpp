#include "netlink/decode/route.hpp"

#include "netlink/text/route.hpp"
#include "tests/unit/netlink/fixture_file.hpp"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <cstring>

namespace nodescope::netlink {
namespace {

using testing::fixture_messages;
using testing::fixture_text;
using message = std::vector<std::byte>;

const name_tables debian_names("127.0.0.1 localhost\n",
                               "default 0.0.0.0\nloopback 127.0.0.0\nlink-local 169.254.0.0\n");

interface_names names_of(const std::string& file)
{
    interface_names names;
    std::size_t damaged = 0;
    for (const message& link : fixture_messages(file)) {
        EXPECT_EQ(decode_interface_name(link, names, damaged), decoded::yes);
    }
    EXPECT_EQ(damaged, 0U);
    return names;
}

std::vector<ipv4_route> routes_of(const std::string& file)
{
    std::vector<ipv4_route> routes;
    std::size_t damaged = 0;
    for (const message& each : fixture_messages(file)) {
        ipv4_route route;
        if (decode_ipv4_route(each, route, damaged) == decoded::yes) routes.push_back(route);
    }
    EXPECT_EQ(damaged, 0U);
    return routes;
}

rtmsg route_header(int family, int table, int prefix_length = 0, unsigned flags = 0)
{
    rtmsg header{};
    header.rtm_family = static_cast<unsigned char>(family);
    header.rtm_table = static_cast<unsigned char>(table);
    header.rtm_dst_len = static_cast<unsigned char>(prefix_length);
    header.rtm_type = RTN_UNICAST;
    header.rtm_flags = flags;
    return header;
}

nlattr attribute_header(std::size_t length, int type)
{
    nlattr header{};
    header.nla_len = static_cast<std::uint16_t>(length);
    header.nla_type = static_cast<std::uint16_t>(type);
    return header;
}

/// A route message under construction.
class route_message {
public:
    explicit route_message(const rtmsg& header = route_header(AF_INET, RT_TABLE_MAIN))
    {
        nlmsghdr start{};
        start.nlmsg_type = RTM_NEWROUTE;
        append(start);
        append(header);
    }
    route_message& attribute(int type, const std::string& payload)
    {
        append(attribute_header(sizeof(nlattr) + payload.size(), type));
        bytes_ += payload;
        bytes_.resize(NLMSG_ALIGN(bytes_.size()));
        return *this;
    }
    template <class T>
    route_message& append(const T& value)
    {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
        return *this;
    }
    [[nodiscard]] message finish() const
    {
        message done(bytes_.size());
        std::memcpy(done.data(), bytes_.data(), bytes_.size());
        const auto length = static_cast<std::uint32_t>(done.size());
        std::memcpy(done.data(), &length, sizeof(length));
        return done;
    }

private:
    std::string bytes_;
};

std::string number(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof(value)}; }

struct decoding {
    decoded outcome;
    ipv4_route route;
    std::size_t damaged = 0;
};

decoding decode(const message& bytes)
{
    decoding done;
    done.outcome = decode_ipv4_route(bytes, done.route, done.damaged);
    return done;
}

std::string text_of(const std::vector<ipv4_route>& routes, const std::string& links)
{
    std::size_t lines = 0;
    return route_text(routes, names_of(links), debian_names, lines);
}

// ---- recorded namespaces --------------------------------------------------------------------------------------------

class RecordedNamespace : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedNamespace, GivesTheTextOfRoute)
{
    const std::string name = GetParam();
    EXPECT_EQ(text_of(routes_of(name + "/route.bin"), name + "/link.bin"), fixture_text(name + "/route.txt"));
}

INSTANTIATE_TEST_SUITE_P(Netns, RecordedNamespace,
                         ::testing::Values("nsfx-plain", "nsfx-dual", "nsfx-nat", "route-types"));

TEST(RecordedNamespace, GivesTheTextOfRouteWhereOnlyNexthopIdsAreTold)
{
    auto routes = routes_of("route-types/route-nhid.bin");
    nexthop_objects objects;
    std::size_t damaged = 0;
    for (const message& each : fixture_messages("route-types/nexthop.bin")) {
        EXPECT_EQ(decode_nexthop(each, objects, damaged), decoded::yes);
    }
    EXPECT_EQ(damaged, 0U);
    for (ipv4_route& route : routes) {
        if (route.nexthop_id != 0) {
            EXPECT_FALSE(route.has_nexthop);
            resolve_nexthop(route, objects);
            EXPECT_TRUE(route.has_nexthop);
        }
    }
    EXPECT_EQ(text_of(routes, "route-types/link.bin"), fixture_text("route-types/route.txt"));
}

TEST(RecordedNamespace, GivesTheTextOfRoute6)
{
    std::size_t lines = 0;
    EXPECT_EQ(route6_text(fixture_text("route-types/proc-net-ipv6_route.txt"), debian_names, lines),
              fixture_text("route-types/route-6.txt"));
    EXPECT_EQ(lines, 7U);
}

// ---- hostile bytes -------------------------------------------------------------------------------

TEST(DecodeRoute, SurvivesEveryTruncation)
{
    for (const char* file : {"nsfx-dual/route.bin", "route-types/route.bin", "route-types/nexthop.bin"}) {
        for (const message& whole : fixture_messages(file)) {
            for (std::size_t size = 0; size < whole.size(); ++size) {
                // Exactly as long as the allocation, so that a sanitizer sees a read beyond it.
                message cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
                EXPECT_EQ(decode(cut).outcome, decoded::malformed) << "the header claims more than there is";
                if (size < sizeof(nlmsghdr)) continue;
                const auto claimed = static_cast<std::uint32_t>(size);
                std::memcpy(cut.data(), &claimed, sizeof(claimed));
                decode(cut);
                nexthop_objects objects;
                interface_names names;
                std::size_t damaged = 0;
                decode_nexthop(cut, objects, damaged);
                decode_interface_name(cut, names, damaged);
            }
        }
    }
}

TEST(DecodeRoute, KeepsWhatCameBeforeADamagedAttribute)
{
    route_message built(route_header(AF_INET, RT_TABLE_MAIN, 8));
    built.attribute(RTA_DST, number(htonl(0x0a000000))).append(attribute_header(60000, RTA_OIF));
    const decoding got = decode(built.finish());
    EXPECT_EQ(got.outcome, decoded::yes);
    EXPECT_EQ(got.route.destination, 0x0a000000U);
    EXPECT_EQ(got.route.interface_index, 0U);
    EXPECT_EQ(got.damaged, 1U);
}

TEST(DecodeRoute, StopsAtAnAttributeShorterThanItsHeader)
{
    for (const std::size_t length : {0U, 1U, 3U}) {
        const decoding got = decode(route_message().append(attribute_header(length, RTA_OIF)).finish());
        EXPECT_EQ(got.outcome, decoded::yes);
        EXPECT_EQ(got.damaged, 1U);
    }
}

TEST(DecodeRoute, SkipsNumbersThatAreTooShort)
{
    route_message built;
    for (const int type : {RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PRIORITY, RTA_NH_ID, RTA_TABLE, RTA_VIA}) {
        built.attribute(type, "xy");
    }
    const decoding got = decode(built.attribute(RTA_MULTIPATH, "short").finish());
    EXPECT_EQ(got.outcome, decoded::yes);
    EXPECT_EQ(got.damaged, 8U);
    EXPECT_EQ(got.route.gateway, 0U);
}

TEST(DecodeRoute, DistrustsTheLengthsOfHops)
{
    for (const unsigned length : {0U, 7U, 9U, 60000U}) {
        rtnexthop hop{};
        hop.rtnh_len = static_cast<unsigned short>(length);
        hop.rtnh_ifindex = 7;
        const std::string payload(reinterpret_cast<const char*>(&hop), sizeof(hop));
        const decoding got = decode(route_message().attribute(RTA_MULTIPATH, payload).finish());
        EXPECT_EQ(got.damaged, 1U) << length;
        EXPECT_EQ(got.route.interface_index, 0U) << length;
    }
}

TEST(DecodeRoute, RefusesAPrefixBeyondThirtyTwoBits)
{
    EXPECT_EQ(decode(route_message(route_header(AF_INET, RT_TABLE_MAIN, 33)).finish()).outcome, decoded::malformed);
}

TEST(DecodeRoute, PassesOverOtherFamiliesTablesAndMessages)
{
    EXPECT_EQ(decode(route_message(route_header(AF_INET6, RT_TABLE_MAIN)).finish()).outcome, decoded::other);
    EXPECT_EQ(decode(route_message(route_header(AF_INET, RT_TABLE_LOCAL)).finish()).outcome, decoded::other);
    EXPECT_EQ(decode(route_message().attribute(RTA_TABLE, number(1000)).finish()).outcome, decoded::other);
    EXPECT_EQ(decode(route_message(route_header(AF_INET, RT_TABLE_MAIN, 0, RTM_F_CLONED)).finish()).outcome,
              decoded::other);
    EXPECT_EQ(decode(fixture_messages("nsfx-dual/link.bin").front()).outcome, decoded::other);
}

TEST(DecodeRoute, TakesTheGatewayFlagOfAnIpv6NextHopFromItsFirstWord)
{
    const auto via = [](const std::string& address) {
        const std::uint16_t family = AF_INET6;
        return std::string(reinterpret_cast<const char*>(&family), sizeof(family)) + address;
    };
    const decoding link_local =
        decode(route_message().attribute(RTA_VIA, via("\xfe\x80" + std::string(14, 1))).finish());
    EXPECT_TRUE(link_local.route.through_gateway);
    EXPECT_EQ(link_local.route.gateway, 0U);
    EXPECT_FALSE(decode(route_message().attribute(RTA_VIA, via(std::string(16, 0))).finish()).route.through_gateway);
}

TEST(ResolveNexthop, LeavesARouteOfAnUnknownObjectAlone)
{
    ipv4_route route;
    route.nexthop_id = 9;
    resolve_nexthop(route, {});
    EXPECT_FALSE(route.has_nexthop);
    nexthop_objects group_of_missing;
    group_of_missing[9].first_member = 10;
    resolve_nexthop(route, group_of_missing);
    EXPECT_FALSE(route.has_nexthop);
}

}  // namespace
}  // namespace nodescope::netlink
