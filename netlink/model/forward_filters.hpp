// What packet filters do with packets that are passed on: where they drop what no rule accepts, and the rules there as
// far as they say whose packets they are about.
#pragma once

#include "netlink/model/address.hpp"
#include "netlink/model/packet_filters.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::netlink {

/// A link that packets come from or go to.
struct interface_condition {
    std::string name;           ///< empty where there is only an index
    bool is_beginning = false;  ///< of any name that begins so
    std::uint32_t index = 0;    ///< 0: by name
    bool outgoing = false;
    bool negated = false;
};

struct address_condition {
    std::uint8_t family = 0;  ///< AF_*
    std::uint8_t prefix_length = 0;
    network_address address;
    bool is_destination = false;
    bool negated = false;
};

enum class filter_verdict { accept, jump };

/// A rule that accepts, or sends packets to another chain. All conditions must hold.
struct filter_rule {
    std::string chain;   ///< that it stands in
    std::string target;  ///< of a jump: the chain
    filter_verdict verdict = filter_verdict::accept;
    std::uint8_t family = 0;  ///< AF_*; 0: any
    std::vector<interface_condition> interfaces;
    std::vector<address_condition> addresses;
    bool looks_in_set = false;    ///< for an interface or an address: which those are is not read
    bool has_conditions = false;  ///< of other kinds
};

/// A chain that packets which are passed on come through, and that drops what no rule has accepted.
struct dropping_chain {
    std::string variant;      ///< "legacy", "nf_tables"
    std::uint8_t family = 0;  ///< AF_INET, AF_INET6; 0: both
    std::string table;
    std::string name;
    /// Of the whole table, which may have several such chains. Never null.
    std::shared_ptr<const std::vector<filter_rule>> rules = std::make_shared<const std::vector<filter_rule>>();
};

/// What filters do with packets that are passed on.
struct forward_filters {
    packet_filters tables;
    std::vector<dropping_chain> dropping;
    /// Chains of kube-proxy and of Docker, of either variant: "KUBE-SERVICES". Of kube-proxy's own table of nf_tables
    /// its name.
    std::vector<std::string> service_chains;
    std::string missing;  ///< why not everything could be read; empty: it was
};

}  // namespace nodescope::netlink
