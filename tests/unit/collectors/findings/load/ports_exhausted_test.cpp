#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

TEST(PortsExhausted, SpeaksOfADestinationWithMoreThanNineTenths)
{
    made_load model;
    model.tcp.first_port = 40001;
    model.tcp.last_port = 40100;
    netlink::port_use& use = model.tcp.uses.emplace_back();
    use.family = AF_INET;
    use.local = said_prefix("10.0.0.2").address;
    use.remote = said_prefix("192.0.2.1").address;
    use.remote_port = 443;
    use.ports = 90;
    EXPECT_EQ(evidence_of(look_for_ports_exhausted(model)), "0 findings");
    use.ports = 91;
    const finding_list found = look_for_ports_exhausted(model);
    EXPECT_EQ(evidence_of(found), " destination=192.0.2.1:443 source=10.0.0.2 ports=91 range=40001-40100");
    EXPECT_EQ(found.items()[0].summary, "91 of 100 local ports are used by connections to 192.0.2.1:443");
    use.family = AF_INET6;
    use.local = said_prefix("fd00::2").address;
    use.remote = said_prefix("fd00::1").address;
    EXPECT_EQ(evidence_of(look_for_ports_exhausted(model)),
              " destination=[fd00::1]:443 source=fd00::2 ports=91 range=40001-40100");
    // A range that is not known, and one that makes no sense.
    model.tcp.last_port = 40000;
    EXPECT_EQ(evidence_of(look_for_ports_exhausted(model)), "0 findings");
    model.tcp.first_port = model.tcp.last_port = 0;
    EXPECT_EQ(evidence_of(look_for_ports_exhausted(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
