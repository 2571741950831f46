// The NAT tables of a namespace as the text of iptables-save. The rules are read by the xtables programs, run inside
// the namespace; nothing is run where there is no nat table, so reading never makes one.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "netlink/model/nat_tables.hpp"
#include "netlink/nat/filter_programs.hpp"

#include <optional>
#include <string>

namespace nodescope::netlink {

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

    /// filter_programs::blocking_prepare()
    void blocking_prepare() { programs_.blocking_prepare(); }

    /// Reads what was `found` in that namespace a moment ago. Every message begins with "nat: " and names the phase:
    /// "nat: look for tables: …", "nat: iptables-nft-save: …". A program that ends with another status than 0 is
    /// failure::failed with the first line of its standard error; one that ran into its limit of memory is
    /// failure::too_large, and so is one that showed fewer rules than were found. When nothing could be read the first
    /// failure is returned. `limit` bounds all programs together. Cancellation kills the program at once.
    /// Reactor thread only; blocking_prepare() should have been called.
    task<result<nat_text>> read(nat_target where, ip_family family, result<nat_tables> found, deadline limit);

private:
    task<result<program_output>> save(std::string name, filter_variant variant, nat_target where, deadline limit);
    filter_programs programs_;
};

}  // namespace nodescope::netlink
