#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::findings {
namespace {

/// Docker has given the address and the gateway that are there.
struct said_model : made_model {
    said_model()
    {
        runtimes.items.emplace_back().runtime = "docker";
        say(words().addresses, "10.0.0.2/24");
        say(words().gateways, "10.0.0.1");
    }
    runtime_words& words() { return runtimes.items[0]; }
    static void say(std::vector<said_address>& to, const std::string& text)
    {
        const said_prefix prefix(text);
        said_address& one = to.emplace_back();
        one.network = "bridge";
        one.family = prefix.family;
        one.address = prefix.address;
        if (text.find('/') != std::string::npos) one.prefix_length = prefix.length;
    }
};

TEST(RuntimeDisagrees, IsSilentWhereAllIsAsWasSaid)
{
    said_model model;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
    // More than was said is somebody else's.
    model.address(2, "10.9.9.9/24");
    model.address(2, "2001:db8::2/64");
    model.words().netns = 99;
    model.words().first_process_netns = 99;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
    model.words().first_process_netns.reset();
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
}

TEST(RuntimeDisagrees, IsSilentWhereNothingWasSaid)
{
    made_model model;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
    model.runtimes.items.emplace_back();
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(network_model())), "0 findings");
}

TEST(RuntimeDisagrees, AnAddressThatIsNotThere)
{
    said_model model;
    model.addresses.items[1] = model.address(2, "10.0.0.77/24");
    model.addresses.items.pop_back();
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)),
              " runtime=docker network=bridge said=10.0.0.2/24 there=10.0.0.77/24");
    model.addresses.items.resize(1);
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), " runtime=docker network=bridge said=10.0.0.2/24 there=");
    for (int i = 1; i < 8; ++i) model.address(2, "10.1.0." + std::to_string(i) + "/24");
    model.address(2, "169.254.1.1/16");
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)),
              " runtime=docker network=bridge said=10.0.0.2/24 there=10.1.0.1/24, 10.1.0.2/24, 10.1.0.3/24, "
              "10.1.0.4/24, ...");
}

TEST(RuntimeDisagrees, AnAddressOfIPv6ThatIsNotThere)
{
    said_model model;
    said_model::say(model.words().addresses, "2001:db8::2/64");
    model.address(2, "fe80::1/64");
    model.address(1, "::1/128");
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)),
              " runtime=docker network=bridge said=2001:db8::2/64 there=");
    model.address(2, "2001:db8::2/64");
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
}

TEST(RuntimeDisagrees, AnotherPrefix)
{
    said_model model;
    model.words().addresses[0].prefix_length = 16;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)),
              "eth0 runtime=docker network=bridge said=10.0.0.2/16 there=10.0.0.2/24");
    model.words().addresses[0].prefix_length.reset();
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
}

TEST(RuntimeDisagrees, AnotherGateway)
{
    said_model model;
    model.default_route().hops[0].gateway = said_prefix("10.0.0.254").address;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)),
              "eth0 runtime=docker network=bridge said=10.0.0.1 there=10.0.0.254");
    // A container in two networks has the default route of one of them.
    said_model::say(model.words().gateways, "10.0.0.254");
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
}

TEST(RuntimeDisagrees, NoGatewayIsForAnotherRule)
{
    said_model model;
    model.default_route().hops[0].gateway_family = 0;  // into a tunnel
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
    model.default_route().type = RTN_UNREACHABLE;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
    model.default_route().destination_length = 8;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
}

TEST(RuntimeDisagrees, ARouterIsNoRuntime)
{
    said_model model;
    said_model::say(model.words().gateways, "2001:db8::1");
    model.route("::/0", "fe80::5");
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), "0 findings");
    model.routes.items.back().hops[0].gateway = said_prefix("2001:db8::5").address;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)),
              "eth0 runtime=docker network=bridge said=2001:db8::1 there=2001:db8::5");
}

TEST(RuntimeDisagrees, AFirstProcessThatHasLeft)
{
    said_model model;
    model.words().netns = 99;
    model.words().first_process = 4711;
    model.words().first_process_netns = 98;
    EXPECT_EQ(evidence_of(look_for_runtime_disagrees(model)), " runtime=docker pid=4711 said=99 there=98");
}

}  // namespace
}  // namespace nodescope::findings
