#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::findings {
namespace {

/// A table that is asked before main, with a route that hides one of main's.
struct shadowed_model : made_model {
    shadowed_model()
    {
        route("192.0.2.0/25", "10.0.0.1");
        route("192.0.2.0/24", "10.0.0.1", 77);
        rule(AF_INET, 100, 77);
    }
    netlink::detailed_route& hidden() { return routes.items[3]; }
    netlink::detailed_route& hider() { return routes.items[4]; }
    netlink::detailed_rule& earlier() { return rules.items[4]; }
};

const std::string shadowed_evidence =
    " family=IPv4 route=192.0.2.0/25 table=main hidden_by=192.0.2.0/24 hidden_by_table=77 routes=1";

TEST(ShadowedRoute, SpeaksOfWhatIsNeverReached)
{
    shadowed_model model;
    EXPECT_EQ(evidence_of(look_for_shadowed_route(model)), shadowed_evidence);
    model.hidden().destination_length = 24;
    EXPECT_NE(evidence_of(look_for_shadowed_route(model)), "0 findings");
    model.hider().type = RTN_BLACKHOLE;
    EXPECT_NE(evidence_of(look_for_shadowed_route(model)), "0 findings");
    model.route("192.0.2.7", "10.0.0.1");
    EXPECT_EQ(evidence_of(look_for_shadowed_route(model)),
              " family=IPv4 route=192.0.2.0/24 table=main hidden_by=192.0.2.0/24 hidden_by_table=77 routes=2");
}

TEST(ShadowedRoute, IsSilentWhereTheHidingRouteLeavesSomething)
{
    shadowed_model narrower;
    narrower.hidden().destination_length = 23;
    shadowed_model beside;
    beside.hidden().destination.bytes[2] = 3;
    shadowed_model thrown;
    thrown.hider().type = RTN_THROW;
    shadowed_model dead;
    dead.hider().flags = RTNH_F_LINKDOWN;
    shadowed_model by_source;
    by_source.hider().source_length = 8;
    shadowed_model by_class;
    by_class.hider().tos = 4;
    shadowed_model other_family;
    other_family.earlier().family = AF_INET6;
    for (const network_model& model : {narrower, beside, thrown, dead, by_source, by_class, other_family}) {
        EXPECT_EQ(evidence_of(look_for_shadowed_route(model)), "0 findings");
    }
}

TEST(ShadowedRoute, IsSilentWhereTheRuleHasACondition)
{
    std::vector<shadowed_model> models(14);
    models[0].earlier().mark = 7;
    models[1].earlier().mark_mask = 7;
    models[2].earlier().source_length = 8;
    models[3].earlier().destination_length = 8;
    models[4].earlier().input_interface = "eth0";
    models[5].earlier().output_interface = "eth0";
    models[6].earlier().l3_master = 1;
    models[7].earlier().uids.emplace();
    models[8].earlier().ip_protocol = 6;
    models[9].earlier().source_ports.emplace();
    models[10].earlier().destination_ports.emplace();
    models[11].earlier().tos = 4;
    models[12].earlier().suppress_prefix_length = 24;
    models[13].earlier().suppress_group = 1;
    for (const shadowed_model& model : models) {
        EXPECT_EQ(evidence_of(look_for_shadowed_route(model)), "0 findings") << &model - models.data();
    }
    shadowed_model suppressed;
    suppressed.earlier().suppress_prefix_length = 23;
    EXPECT_EQ(evidence_of(look_for_shadowed_route(suppressed)), shadowed_evidence);
}

TEST(ShadowedRoute, IsSilentOfWhatOtherRulesLeadTo)
{
    shadowed_model marked;
    marked.rule(AF_INET, 50, RT_TABLE_MAIN).mark = 7;
    EXPECT_EQ(evidence_of(look_for_shadowed_route(marked)), "0 findings");
    shadowed_model jump;
    jump.rule(AF_INET, 50, 0).action = FR_ACT_GOTO;
    EXPECT_EQ(evidence_of(look_for_shadowed_route(jump)), "0 findings");
}

TEST(ShadowedRoute, IsSilentOfOwnAddressesAndOfWhatTheKernelHasMade)
{
    made_model model;
    model.route("10.0.0.2", "");  // the table local has it already
    EXPECT_EQ(evidence_of(look_for_shadowed_route(model)), "0 findings");
    model.route("ff00::/8", "", RT_TABLE_LOCAL).protocol = RTPROT_KERNEL;  // as older kernels tell multicast
    model.route("ff05::/16", "");
    EXPECT_EQ(evidence_of(look_for_shadowed_route(model)), "0 findings");
    shadowed_model kernel;
    kernel.hidden().protocol = RTPROT_KERNEL;
    EXPECT_EQ(evidence_of(look_for_shadowed_route(kernel)), "0 findings");
    shadowed_model dropped;
    dropped.hidden().type = RTN_BLACKHOLE;
    EXPECT_EQ(evidence_of(look_for_shadowed_route(dropped)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
