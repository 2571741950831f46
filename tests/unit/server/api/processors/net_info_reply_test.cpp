#include "server/api/processors/net_info_reply.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace nodescope::api {
namespace {

boost::json::object parsed_reply(const std::string& body) { return boost::json::parse(body).as_object(); }

std::string text_of_reply(const boost::json::object& from, std::string_view key)
{
    const auto& value = from.at(key).as_string();
    return std::string(value.begin(), value.end());
}

boost::json::object errors_of(const boost::json::object& answer)
{
    return parsed_reply(text_of_reply(answer, "collector.kubernetes.container.Errors"));
}

net_info whole()
{
    net_info info;
    info.pid = 42;
    info.container_id = std::string(64, 'a');
    info.container_name = "web";
    info.space.inode = 4026531840;
    info.addresses = text_part("addresses\n");
    info.route = text_part("route\n");
    info.route6 = text_part("route6\n");
    info.nat = text_part(std::string());
    return info;
}

constexpr std::size_t enough = 1U << 20U;

TEST(NetInfoReply, HoldsTheContractsKeys)
{
    const auto answer = parsed_reply(net_info_reply(whole(), enough).value());
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.Pid"), "42");
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.ipaddr"), "addresses\n");
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.Route"), "route\n");
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.Route6"), "route6\n");
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.Nat"), "");
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.Id"), std::string(64, 'a'));
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.Name"), "web");
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.NetNamespace"), "4026531840");
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.HostNetwork"), "false");
    for (const char* absent : {"Errors", "Nat6", "Verified"}) {
        EXPECT_FALSE(answer.contains(std::string("collector.kubernetes.container.") + absent)) << absent;
    }
    EXPECT_FALSE(answer.contains("collector.kubernetes.node.Nat"));
}

TEST(NetInfoReply, HalfAnAnswerNamesTheMissingHalf)
{
    net_info info = whole();
    info.nat = text_part(error(failure::timed_out, "nat: iptables-nft-save: not finished within 5s"));
    info.node_nat = text_part(error(failure::denied, "no\x1b right"));
    const auto answer = parsed_reply(net_info_reply(info, enough).value());
    EXPECT_FALSE(answer.contains("collector.kubernetes.container.Nat"));
    const auto errors = errors_of(answer);
    EXPECT_EQ(text_of_reply(errors, "Nat"), "nat: iptables-nft-save: not finished within 5s");
    EXPECT_EQ(text_of_reply(errors, "node.Nat"), "no\\x1b right");
    EXPECT_EQ(errors.size(), 2U);
}

TEST(NetInfoReply, SaysWhatIsIncompleteOrInconsistent)
{
    net_info info = whole();
    info.route.note = "cut after 20000 routes";
    info.addresses.consistent = false;
    const auto errors = errors_of(parsed_reply(net_info_reply(info, enough).value()));
    EXPECT_EQ(text_of_reply(errors, "Route"), "cut after 20000 routes");
    EXPECT_NE(text_of_reply(errors, "ipaddr").find("changed"), std::string::npos);
}

TEST(NetInfoReply, SaysWhatIsOddAboutTheNetwork)
{
    net_info info = whole();
    info.network_note = "in 2 networks";
    const auto errors = errors_of(parsed_reply(net_info_reply(info, enough).value()));
    EXPECT_EQ(text_of_reply(errors, "NetNamespace"), "in 2 networks");
    EXPECT_EQ(errors.size(), 1U);
}

TEST(NetInfoReply, CutsTheLongestTextAndKeepsItsNote)
{
    net_info info = whole();
    std::string lines;
    for (int i = 0; i < 5'000; ++i) lines += "10.0.0.0\n";
    info.route = text_part(lines);
    info.route.note = "changed";
    const auto body = net_info_reply(info, 20'000).value();
    EXPECT_LE(body.size(), 20'000U);
    const auto answer = parsed_reply(body);
    EXPECT_EQ(text_of_reply(answer, "collector.kubernetes.container.ipaddr"), "addresses\n");
    const std::string kept = text_of_reply(answer, "collector.kubernetes.container.Route");
    const auto count = static_cast<std::size_t>(std::count(kept.begin(), kept.end(), '\n'));
    EXPECT_EQ(text_of_reply(errors_of(answer), "Route"),
              "cut after " + std::to_string(count) + " of 5000 lines; changed");
}

TEST(NetInfoReply, TheErrorsFitIntoTheirReserveWhateverTheyHold)
{
    net_info info = whole();
    const error hostile(failure::failed, std::string(10'000, '\x01'));
    info.route = info.route6 = info.nat = info.nat6 = info.node_nat = text_part(hostile);
    info.runtime_failure = hostile;
    info.network_note = std::string(10'000, 'x');
    std::string lines;
    for (int i = 0; i < 5'000; ++i) lines += "\x01\x02\n";
    info.addresses = text_part(lines);
    for (const std::size_t limit : {std::size_t{8'192}, std::size_t{20'000}}) {
        EXPECT_LE(net_info_reply(info, limit).value().size(), limit);
    }
}

TEST(NetInfoReply, NothingButThePidIsAFailureWithEachReasonOnce)
{
    net_info info;
    info.pid = 42;
    const error same(failure::timed_out, "netlink: no answer within 5s");
    info.addresses = info.route = info.route6 = text_part(same);
    info.nat = text_part(error(failure::denied, "nat: missing right"));
    const auto got = net_info_reply(info, enough);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(),
              error(failure::timed_out, "net info of process 42: netlink: no answer within 5s; nat: missing right"));
}

}  // namespace
}  // namespace nodescope::api
