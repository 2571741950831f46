#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

TEST(ResolverUnreachable, SpeaksOfThoseThatNoRouteLeadsTo)
{
    made_load model;
    model.resolver.nameservers = {"10.0.0.1", "192.0.2.53", "fe80::1%eth0"};
    EXPECT_EQ(evidence_of(look_for_resolver_unreachable(model)), "0 findings") << "nobody has asked";
    model.resolver.routes = {true, true, std::nullopt};
    EXPECT_EQ(evidence_of(look_for_resolver_unreachable(model)), "0 findings");
    model.resolver.routes = {true, false, std::nullopt};
    EXPECT_EQ(evidence_of(look_for_resolver_unreachable(model)), " nameserver=192.0.2.53 place=2 nameservers=3");
}

TEST(ResolverUnreachable, SaysNothingOfThoseThatNoResolverAsks)
{
    made_load model;
    model.resolver.nameservers = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.53"};
    model.resolver.routes = {true, true, true, false};
    EXPECT_EQ(evidence_of(look_for_resolver_unreachable(model)), "0 findings");
}

TEST(ResolverUnreachable, SaysNothingWhereNoLinkWorks)
{
    for (const unsigned flags : {IFF_BROADCAST | 0U, IFF_UP | IFF_BROADCAST | 0U}) {
        made_load model;
        model.links.items[1].flags = flags;
        model.resolver.nameservers = {"192.0.2.53"};
        model.resolver.routes = {false};
        EXPECT_EQ(evidence_of(look_for_resolver_unreachable(model)), "0 findings") << flags;
    }
}

TEST(ResolverUnreachable, SaysNothingOfANetworkThatIsMeantToReachNobody)
{
    made_load model;
    std::erase_if(model.addresses.items, [](const auto& one) { return one.link_index == 2; });
    model.resolver.nameservers = {"192.0.2.53"};
    model.resolver.routes = {false};
    EXPECT_EQ(evidence_of(look_for_resolver_unreachable(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
