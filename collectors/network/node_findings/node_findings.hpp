// What is wrong with all networks of a node: the reports of single ones put together.
#pragma once

#include "collectors/findings/report.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace nodescope {

/// Of how many things each is told one by one; the others are counted.
inline constexpr std::size_t told_one_by_one = 100;

struct node_findings {
    node_findings() = default;
    /// The findings of all. `checked`: rules that were asked about each network; `not_checked`: the others.
    findings::report whole;
    std::size_t all_findings = 0;  ///< those that were not kept among them
    std::size_t networks = 0;      ///< that were looked at
    std::size_t containers = 0;    ///< whose networks these are, that of the node excepted

    /// A network about which not the same rules were asked as about the others.
    struct differing_network {
        std::uint64_t netns = 0;
        std::optional<findings::named_container> container;  ///< none: the node's
        std::vector<std::pair<std::string_view, std::string>> not_checked;
    };
    std::vector<differing_network> differing;
    std::size_t differing_left_out = 0;

    struct unseen {
        std::optional<findings::named_container> container;  ///< none: the node
        error why;
    };
    std::vector<unseen> not_looked_at;
    std::size_t not_looked_at_left_out = 0;
    std::string note;  ///< about which containers there are; mostly empty
};

class node_findings_builder {
public:
    /// `container`: whose network it is; none: the node's.
    void add(findings::report of, std::uint64_t netns, std::optional<findings::named_container> container);
    void add_unseen(std::optional<findings::named_container> container, error why);
    /// Another container, in a network that is there already or still to come.
    void count_container() noexcept { ++made_.containers; }
    void note(std::string text) { made_.note = std::move(text); }
    /// Findings beyond these are counted, the lightest first.
    static constexpr std::size_t kept_findings = 2000;
    /// Reasons why rules were not asked, of all networks.
    static constexpr std::size_t kept_reason_bytes = 1U << 20U;

    node_findings finish();

private:
    struct unasked {
        std::size_t networks = 0;
        std::string why;  ///< in the first of them
        bool same = true;
    };
    void keep_heaviest(std::size_t most);

    node_findings made_;
    std::vector<node_findings::differing_network> incomplete_;
    std::size_t incomplete_bytes_ = 0;
    std::size_t incomplete_left_out_ = 0;
    std::map<std::string_view, unasked> unasked_;
    std::map<std::string_view, std::size_t> asked_;
    std::map<std::string_view, std::size_t> left_out_;
    /// What was told, by rule, network, link and sentence.
    std::set<std::tuple<std::string_view, std::uint64_t, std::string, std::string>> told_;
};

}  // namespace nodescope
