#include "netlink/text/route.hpp"
#include "netlink/decode/decode.hpp"
#include "netlink/decode/proc_files.hpp"
#include "tests/unit/netlink/composed_message.hpp"
#include "tests/unit/netlink/fixture_file.hpp"

#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace nodescope::netlink {
namespace {

using testing::composed;
using testing::fixture_messages;
using testing::fixture_text;
using testing::route_header;
using raw_message = std::vector<std::byte>;

const name_tables debian_names("127.0.0.1 localhost\n",
                               "default 0.0.0.0\nloopback 127.0.0.0\nlink-local 169.254.0.0\n");

template <class T>
std::vector<T> decode_all(const std::string& file)
{
    std::vector<T> items;
    std::size_t damaged = 0;
    for (const raw_message& each : fixture_messages(file)) {
        EXPECT_TRUE(decode(each, items.emplace_back(), damaged));
    }
    EXPECT_EQ(damaged, 0U);
    return items;
}

composed route_message(const rtmsg& header = route_header(AF_INET, RT_TABLE_MAIN)) { return composed(header); }

/// An attribute's header that claims `length` bytes, without them.
std::vector<std::byte> with_bare_attribute(byte_span from, std::size_t length, int type)
{
    std::vector<std::byte> bytes(from.begin(), from.end());
    nlattr header{};
    header.nla_len = static_cast<std::uint16_t>(length);
    header.nla_type = static_cast<std::uint16_t>(type);
    const auto tail = std::as_bytes(std::span(&header, 1));
    bytes.insert(bytes.end(), tail.begin(), tail.end());
    const auto size = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &size, sizeof(size));
    return bytes;
}

struct decoding {
    bool good = false;
    route told;
    std::size_t damaged = 0;
};

decoding decode_route(byte_span bytes)
{
    decoding done;
    done.good = decode(bytes, done.told, done.damaged);
    return done;
}

std::string text_of(const std::vector<route>& routes, const std::string& links)
{
    std::size_t lines = 0;
    return route_text(routes, names_of(decode_all<link>(links)), debian_names, lines);
}

network_address address(std::string_view bytes)
{
    network_address made;
    std::copy(bytes.begin(), bytes.end(), made.bytes.begin());
    return made;
}

// ---- recorded namespaces --------------------------------------------------------------------------------------------

class RecordedNamespace : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedNamespace, GivesTheTextOfRoute)
{
    const std::string name = GetParam();
    EXPECT_EQ(text_of(decode_all<route>(name + "/route.bin"), name + "/link.bin"), fixture_text(name + "/route.txt"));
}

INSTANTIATE_TEST_SUITE_P(Netns, RecordedNamespace,
                         ::testing::Values("nsfx-plain", "nsfx-dual", "nsfx-nat", "route-types"));

TEST(RecordedNamespace, GivesTheTextOfRouteWhereOnlyNexthopIdsAreTold)
{
    auto routes = decode_all<route>("route-types/route-nhid.bin");
    const auto objects = decode_all<nexthop_object>("route-types/nexthop.bin");
    for (route& told : routes) {
        if (told.nexthop_id == 0) continue;
        EXPECT_TRUE(told.hops.empty());
        resolve_nexthop(told, objects);
        EXPECT_FALSE(told.hops.empty());
    }
    EXPECT_EQ(text_of(routes, "route-types/link.bin"), fixture_text("route-types/route.txt"));
}

TEST(RecordedNamespace, GivesTheTextOfRoute6)
{
    std::size_t lines = 0;
    EXPECT_EQ(route6_text(decode_ipv6_routes(fixture_text("route-types/proc-net-ipv6_route.txt")), debian_names, lines),
              fixture_text("route-types/route-6.txt"));
    EXPECT_EQ(lines, 7U);
}

// ---- what the kernel says -------------------------------------------------------------------------------------------

TEST(DecodeRoute, TellsAllOfAnIpv6Route)
{
    rtmsg header = route_header(AF_INET6, RT_TABLE_COMPAT, 64, RTM_F_PREFIX | RTNH_F_ONLINK);
    header.rtm_src_len = 48;
    header.rtm_tos = 4;
    header.rtm_protocol = RTPROT_RA;
    header.rtm_scope = RT_SCOPE_SITE;
    header.rtm_type = RTN_THROW;
    const std::string prefix = "\x20\x01\x0d\xb8" + std::string(12, '\1');
    const std::string gateway = "\xfe\x80" + std::string(14, '\2');
    rta_cacheinfo info{};
    info.rta_expires = 180000;
    const std::string cache(reinterpret_cast<const char*>(&info), sizeof(info));
    composed metrics;
    metrics.u32(RTAX_MTU, 1400).bytes(RTAX_CC_ALGO, "bbr").u32(RTAX_ADVMSS, 1220);
    const decoding got = decode_route(route_message(header)
                                          .bytes(RTA_DST, prefix)
                                          .bytes(RTA_SRC, std::string(16, '\3'))
                                          .bytes(RTA_PREFSRC, std::string(16, '\4'))
                                          .bytes(RTA_GATEWAY, gateway)
                                          .u32(RTA_OIF, 7)
                                          .u32(RTA_PRIORITY, 1024)
                                          .u32(RTA_TABLE, 1000)
                                          .u32(RTA_NH_ID, 9)
                                          .bytes(RTA_PREF, "\1")
                                          .bytes(RTA_ENCAP_TYPE, std::string("\1\0", 2))
                                          .bytes(RTA_CACHEINFO, cache)
                                          .nested(RTA_METRICS, metrics));
    ASSERT_TRUE(got.good);
    EXPECT_EQ(got.damaged, 0U);
    EXPECT_EQ(got.told.family, AF_INET6);
    EXPECT_EQ(got.told.type, RTN_THROW);
    EXPECT_EQ(got.told.scope, RT_SCOPE_SITE);
    EXPECT_EQ(got.told.protocol, RTPROT_RA);
    EXPECT_EQ(got.told.tos, 4);
    EXPECT_EQ(got.told.flags, static_cast<unsigned>(RTM_F_PREFIX | RTNH_F_ONLINK));
    EXPECT_EQ(got.told.table, 1000U);
    EXPECT_EQ(got.told.priority, 1024U);
    EXPECT_EQ(got.told.nexthop_id, 9U);
    EXPECT_EQ(got.told.destination, address(prefix));
    EXPECT_EQ(got.told.destination_length, 64);
    EXPECT_EQ(got.told.source, address(std::string(16, '\3')));
    EXPECT_EQ(got.told.source_length, 48);
    EXPECT_EQ(got.told.preferred_source, address(std::string(16, '\4')));
    EXPECT_EQ(got.told.metrics, (std::vector<route_metric>{{RTAX_MTU, 1400}, {RTAX_ADVMSS, 1220}}));
    ASSERT_EQ(got.told.hops.size(), 1U);
    EXPECT_EQ(got.told.hops[0], (next_hop{address(gateway), AF_INET6, RTNH_F_ONLINK, 1, 7, LWTUNNEL_ENCAP_MPLS}));
    EXPECT_EQ(got.told.preference, 1);
    EXPECT_EQ(got.told.expires, 180000);
}

TEST(DecodeRoute, TellsAllHops)
{
    const auto hop = [](int interface, std::uint8_t weight, const composed& attributes) {
        rtnexthop header{};
        header.rtnh_len = static_cast<unsigned short>(sizeof(header) + attributes.size());
        header.rtnh_hops = static_cast<unsigned char>(weight - 1);
        header.rtnh_ifindex = interface;
        std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
        const byte_span rest = attributes;
        return bytes + std::string(reinterpret_cast<const char*>(rest.data()), rest.size());
    };
    const std::uint16_t family = AF_INET6;
    const std::string gateway = "\xfe\x80" + std::string(14, '\2');
    composed via;
    via.bytes(RTA_VIA, std::string(reinterpret_cast<const char*>(&family), sizeof(family)) + gateway);
    composed plain;
    plain.bytes(RTA_GATEWAY, "\12\1\1\1");
    const decoding got = decode_route(route_message().bytes(RTA_MULTIPATH, hop(3, 1, plain) + hop(4, 20, via)));
    EXPECT_EQ(got.damaged, 0U);
    ASSERT_EQ(got.told.hops.size(), 2U);
    EXPECT_EQ(got.told.hops[0], (next_hop{address("\12\1\1\1"), AF_INET, 0, 1, 3}));
    EXPECT_EQ(got.told.hops[1], (next_hop{address(gateway), AF_INET6, 0, 20, 4}));
}

// ---- hostile bytes --------------------------------------------------------------------------------------------------

TEST(DecodeRoute, SurvivesEveryCutAndFalseByte)
{
    for (const char* file : {"nsfx-dual/route.bin", "route-types/route.bin", "route-types/nexthop.bin"}) {
        for (const raw_message& whole : fixture_messages(file)) {
            testing::for_each_damage(whole, [&](byte_span bytes) {
                const bool has_header = bytes.size() >= NLMSG_LENGTH(sizeof(rtmsg));
                const decoding got = decode_route(bytes);
                EXPECT_FALSE(got.good && !has_header);
                nexthop_object object;
                std::size_t damaged = 0;
                EXPECT_FALSE(decode(bytes, object, damaged) && object.id == 0);
            });
        }
    }
}

TEST(DecodeRoute, RefusesAMessageThatClaimsMoreThanThereIs)
{
    const raw_message whole = fixture_messages("nsfx-dual/route.bin").front();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const decoding got = decode_route(byte_span(whole).first(size));
        EXPECT_FALSE(got.good);
        EXPECT_EQ(got.damaged, 1U);
    }
}

TEST(DecodeRoute, KeepsWhatCameBeforeADamagedAttribute)
{
    const decoding got = decode_route(with_bare_attribute(
        route_message(route_header(AF_INET, RT_TABLE_MAIN, 8)).u32(RTA_DST, htonl(0x0a000000)), 60000, RTA_OIF));
    EXPECT_TRUE(got.good);
    EXPECT_EQ(got.told.destination, address(std::string("\12\0\0\0", 4)));
    EXPECT_TRUE(got.told.hops.empty());
    EXPECT_EQ(got.damaged, 1U);
}

TEST(DecodeRoute, StopsAtAnAttributeShorterThanItsHeader)
{
    for (const std::size_t length : {0U, 1U, 3U}) {
        const decoding got = decode_route(with_bare_attribute(route_message(), length, RTA_OIF));
        EXPECT_TRUE(got.good);
        EXPECT_EQ(got.damaged, 1U);
    }
}

TEST(DecodeRoute, SkipsNumbersThatAreTooShort)
{
    composed built = route_message();
    for (const int type : {RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PRIORITY, RTA_NH_ID, RTA_TABLE, RTA_VIA}) {
        built.bytes(type, "xy");
    }
    const decoding got = decode_route(built.bytes(RTA_MULTIPATH, "short"));
    EXPECT_TRUE(got.good);
    EXPECT_EQ(got.damaged, 8U);
    EXPECT_TRUE(got.told.hops.empty());
}

TEST(DecodeRoute, DistrustsTheLengthsOfHops)
{
    for (const unsigned length : {0U, 7U, 9U, 60000U}) {
        rtnexthop hop{};
        hop.rtnh_len = static_cast<unsigned short>(length);
        hop.rtnh_ifindex = 7;
        const std::string payload(reinterpret_cast<const char*>(&hop), sizeof(hop));
        const decoding got = decode_route(route_message().bytes(RTA_MULTIPATH, payload));
        EXPECT_EQ(got.damaged, 1U) << length;
        EXPECT_TRUE(got.told.hops.empty()) << length;
    }
}

TEST(DecodeRoute, RefusesAPrefixLongerThanAnAddress)
{
    EXPECT_FALSE(decode_route(route_message(route_header(AF_INET, RT_TABLE_MAIN, 33))).good);
    EXPECT_TRUE(decode_route(route_message(route_header(AF_INET6, RT_TABLE_MAIN, 128))).good);
    EXPECT_FALSE(decode_route(route_message(route_header(AF_INET6, RT_TABLE_MAIN, 129))).good);
}

TEST(DecodeRoute, PassesOverOtherMessages)
{
    const decoding got = decode_route(fixture_messages("nsfx-dual/link.bin").front());
    EXPECT_FALSE(got.good);
    EXPECT_EQ(got.damaged, 0U);
}

TEST(ResolveNexthop, LeavesARouteOfAnUnknownObjectAlone)
{
    route told;
    told.nexthop_id = 9;
    resolve_nexthop(told, {});
    EXPECT_TRUE(told.hops.empty());
    std::vector<nexthop_object> group_of_missing(1);
    group_of_missing[0].id = 9;
    group_of_missing[0].group = {{10, 1}};
    resolve_nexthop(told, group_of_missing);
    EXPECT_TRUE(told.hops.empty());
}

TEST(ResolveNexthop, GivesTheMembersOfAGroupWithTheirWeights)
{
    std::vector<nexthop_object> objects(3);
    for (std::uint32_t i = 0; i < 3; ++i) {
        objects[i].id = i + 5;
        objects[i].hop.interface_index = i + 1;
    }
    objects[2].group = {{6, 10}, {5, 20}};
    route told;
    told.nexthop_id = 7;
    resolve_nexthop(told, objects);
    ASSERT_EQ(told.hops.size(), 2U);
    EXPECT_EQ(told.hops[0].interface_index, 2U);
    EXPECT_EQ(told.hops[0].weight, 10);
    EXPECT_EQ(told.hops[1].interface_index, 1U);
}

}  // namespace
}  // namespace nodescope::netlink
