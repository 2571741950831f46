#include "netlink/text/address_text.hpp"
#include "tests/unit/collectors/findings/load/made_load.hpp"

#include <fmt/format.h>

namespace nodescope::findings {
namespace {

struct published_model : made_load {
    published_model()
    {
        runtime_words& words = runtimes.items.emplace_back();
        words.runtime = "docker";
        words.tcp_ports = {80};
    }
    [[nodiscard]] std::string found() const { return evidence_of(look_for_loopback_only_listener(*this)); }
};

TEST(LoopbackOnlyListener, SaysNothingOfAListenerThatOthersReach)
{
    for (const char* const address : {"0.0.0.0", "10.0.0.2", "::", "2001:db8::1", "::ffff:10.0.0.2", "::2"}) {
        published_model model;
        model.listener("127.0.0.1", 80, 0, 1);
        model.listener(address, 80, 0, 1);
        EXPECT_EQ(model.found(), "0 findings") << address;
    }
}

TEST(LoopbackOnlyListener, SpeaksOfOneThatOnlyTheContainerReaches)
{
    for (const char* const address : {"127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"}) {
        published_model model;
        // The next one moves it.
        const netlink::inet_socket one = model.listener(address, 80, 0, 1);
        model.listener("0.0.0.0", 81, 0, 1);
        const std::string text = netlink::address_text(one.family, one.local);
        EXPECT_EQ(model.found(), one.family == AF_INET6 ? fmt::format(" runtime=docker port=80 listener=[{}]:80", text)
                                                        : fmt::format(" runtime=docker port=80 listener={}:80", text));
    }
}

TEST(LoopbackOnlyListener, SpeaksWhereNobodyListens)
{
    published_model model;
    EXPECT_EQ(model.found(), " runtime=docker port=80 listener=");
    model.runtimes.items[0].tcp_ports.clear();
    EXPECT_EQ(model.found(), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
