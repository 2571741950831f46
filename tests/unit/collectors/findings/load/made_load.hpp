// Networks for the rules about load: two readings, a minute apart.
#pragma once

#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {

struct made_load : made_model {
    made_load()
    {
        counters.now.at += std::chrono::hours(1);
        counters.before = counters.now;
        counters.before->at -= std::chrono::minutes(1);
    }
    load_counters& now() { return counters.now; }
    load_counters& before() { return *counters.before; }
    netlink::inet_socket& listener(const std::string& address, std::uint16_t port, std::uint32_t queue,
                                   std::uint32_t limit)
    {
        const said_prefix prefix(address);
        netlink::inet_socket& one = tcp.listeners.emplace_back();
        one.family = prefix.family;
        one.local = prefix.address;
        one.local_port = port;
        one.receive_queue = queue;
        one.send_queue = limit;
        return one;
    }
};

}  // namespace nodescope::findings
