// The NAT tables of a namespace as the text of iptables-save. The rules are read by the xtables programs, run inside
// the namespace; nothing is run where there is no nat table, so reading never makes one.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/process/program_runner.hpp"
#include "core/process/sandbox.hpp"
#include "core/task.hpp"
#include "netlink/model/nat_tables.hpp"
#include "netlink/net_namespace.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::netlink {

struct nat_options {
    /// Where the xtables programs are looked for, in this order.
    std::vector<std::string> directories{"/usr/sbin", "/sbin"};
    output_limits limits{};
};

/// The namespace to read. Copies share the descriptors.
struct nat_target {
    nat_target(net_namespace own, net_namespace theirs) : home(std::move(own)), target(std::move(theirs)) {}
    net_namespace home;
    net_namespace target;
};

struct nat_text {
    /// That of the nf_tables variant, then that of the legacy variant; empty where neither has a nat table.
    std::string text;
    bool truncated = false;  ///< cut, after a whole line, at the limit
    /// Set when one variant could not be read while `text` has the other's, or when rules are missing in `text`.
    std::optional<error> incomplete;
    std::string elsewhere;  ///< as nat_tables has it
};

class nat_reader {
public:
    nat_reader(program_runner& programs, nat_options options);

    /// Makes what the programs are confined by, once, when it is first needed, which most services never do: the filter
    /// of system calls takes some milliseconds, and paths are opened on a disk that may hang. From any thread.
    void blocking_prepare();

    /// Reads what was `found` in that namespace a moment ago. Every message begins with "nat: " and names the phase:
    /// "nat: look for tables: …", "nat: iptables-nft-save: …". A program that ends with another status than 0 is
    /// failure::failed with the first line of its standard error; one that ran into its limit of memory is
    /// failure::too_large, and so is one that showed fewer rules than were found. When nothing could be read the first
    /// failure is returned. `limit` bounds all programs together. Cancellation kills the program at once.
    /// Reactor thread only; blocking_prepare() should have been called.
    task<result<nat_text>> read(nat_target where, ip_family family, result<nat_tables> found, deadline limit);

private:
    /// One of the programs of a variant, and what it may do.
    using confinement = result<std::shared_ptr<const sandbox>>;
    task<result<program_output>> save(std::string name, confinement confined, nat_target where, deadline limit);
    program_runner& programs_;
    nat_options options_;
    std::once_flag prepared_;
    confinement nft_sandbox_;
    confinement legacy_sandbox_;
};

}  // namespace nodescope::netlink
