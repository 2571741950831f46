// All packet filters of a namespace as the programs that made them show them. Run inside the namespace, and only those
// for which there are tables, so that reading never makes one.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/json/writer.hpp"
#include "core/process/program_runner.hpp"
#include "core/task.hpp"
#include "netlink/model/packet_filters.hpp"
#include "netlink/nat/filter_programs.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::netlink {

struct filter_text {
    filter_text() = default;
    std::string program;  ///< what showed it
    std::string text;
    bool truncated = false;  ///< the program was stopped at its limit
    bool of_lines = true;    ///< else it is one line
};

/// None where there is no such table or it could not be read.
struct filter_texts {
    filter_texts() = default;
    std::optional<filter_text> iptables_nft;      ///< iptables-nft-save
    std::optional<filter_text> ip6tables_nft;     ///< ip6tables-nft-save
    std::optional<filter_text> iptables_legacy;   ///< iptables-legacy-save, table by table
    std::optional<filter_text> ip6tables_legacy;  ///< ip6tables-legacy-save
    std::optional<filter_text> nft;               ///< nft -j list ruleset
    std::string note;                             ///< which could not be read, and why
};

/// A text, and what it is called in the answer.
struct filter_text_member {
    std::string_view name;
    std::optional<filter_text> filter_texts::*text;
};
inline constexpr std::array<filter_text_member, 5> filter_text_members{
    {{"iptables_nft", &filter_texts::iptables_nft},
     {"ip6tables_nft", &filter_texts::ip6tables_nft},
     {"iptables_legacy", &filter_texts::iptables_legacy},
     {"ip6tables_legacy", &filter_texts::ip6tables_legacy},
     {"nft", &filter_texts::nft}}};

struct filter_program {
    filter_program(std::string n, std::vector<std::string> words, filter_variant v)
        : name(std::move(n)), arguments(std::move(words)), variant(v)
    {
    }
    std::string name;  ///< "iptables-nft-save"
    std::vector<std::string> arguments;
    filter_variant variant;
};

/// What is run for one of the texts: the programs' outputs, one after another.
struct filter_text_plan {
    filter_text_plan() = default;
    std::optional<filter_text> filter_texts::*text = nullptr;
    std::vector<filter_program> programs;
    std::size_t rules = 0;  ///< that must be shown at least; 0 where it is not known
    bool of_lines = true;
};

/// What is to be run for these filters. Pure.
std::vector<filter_text_plan> plan_of_texts(const packet_filters& found);

class filter_text_reader {
public:
    filter_text_reader(program_runner& programs, nat_options options);

    void blocking_prepare() { programs_.blocking_prepare(); }

    /// What was `found` in that namespace a moment ago, one program after another. Fails with the first failure where
    /// something was to be run and nothing of it gave a text; they are those of filter_programs, and all begin with
    /// "netfilter_text: ". `limit` bounds all programs together.
    task<result<filter_texts>> read(nat_target where, packet_filters found, deadline limit);

private:
    struct attempt;
    task<attempt> text_of(filter_text_plan plan, nat_target where, deadline limit);
    filter_programs programs_;
};

/// Cuts the texts, those of lines after a whole one, so that what write_filter_texts() makes of them has about
/// `limit_bytes` at most, and says in `note` what was cut. Of what a short text leaves of its part the next ones have
/// more.
void fit_filter_texts(filter_texts& texts, std::size_t limit_bytes);

/// An object with a member for each text, null for one that is not there.
void write_filter_texts(json_writer& out, const filter_texts& what);

}  // namespace nodescope::netlink
