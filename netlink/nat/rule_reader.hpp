// The rules of a namespace that packets of one family come through, as the texts of the programs that show them. As
// with the NAT tables, a program is run only where there is something for it to show, so that reading makes nothing.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "netlink/model/nat_tables.hpp"
#include "netlink/model/packet_filters.hpp"
#include "netlink/nat/filter_programs.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::netlink {

struct rule_text {
    rule_text(std::string_view p, std::string t) : program(p), text(std::move(t)) {}
    std::string_view
        program;  ///< "iptables-save", "iptables-legacy-save", "nft", as the first is called for its family
    std::string text;
};

struct rule_texts {
    rule_texts() = default;
    std::vector<rule_text> texts;    ///< whole lines
    std::vector<std::string> notes;  ///< what is missing, and why; each begins with "rules: "
    bool whole = true;               ///< nothing is missing
};

/// Whether iptables has made it: its own program shows it.
bool is_of_iptables(const nft_table& table);

/// Reactor thread only.
class rule_reader {
public:
    rule_reader(program_runner& programs, nat_options options) : programs_(programs, std::move(options)) {}

    /// Of what was `found` there a moment ago; where that is a failure nothing is run, and it is a note. Each program
    /// that fails is a note too. `limit` bounds all of them together.
    task<rule_texts> read(nat_target where, ip_family family, result<packet_filters> found, deadline limit);

private:
    filter_programs programs_;
};

}  // namespace nodescope::netlink
