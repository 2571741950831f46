// From what the kernel says of each namespace to edges between them. Pure: whoever reads the namespaces tells what it
// finds, and is told what is still to be asked.
#pragma once

#include "collectors/wiring/tunnel_ends.hpp"
#include "collectors/wiring/wiring.hpp"
#include "netlink/model/address.hpp"
#include "netlink/model/link_details.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nodescope {

class wiring_builder {
public:
    /// Its place; `netns` must be new. Namespaces may come in any order.
    std::size_t add_namespace(wired_namespace one);
    [[nodiscard]] wired_namespace& at(std::size_t space) { return made_.namespaces[space]; }
    [[nodiscard]] std::size_t namespaces() const noexcept { return made_.namespaces.size(); }
    [[nodiscard]] std::size_t links() const noexcept { return made_.links.size(); }

    /// The links of a namespace, once.
    void add_links(std::size_t space, const std::vector<netlink::detailed_link>& links);
    /// Of links that were added; others, and those of families without a form, are left out.
    void add_addresses(std::size_t space, const std::vector<netlink::link_address>& addresses);
    /// Beside a list; several are joined.
    void note(std::string_view list, std::string_view sentence);

    /// A namespace that a link of `space` leads to, by the id that `space` has for it.
    struct unknown_namespace {
        std::size_t space = 0;
        std::int32_t id = 0;
        /// Those that have a link with each index that it must have: one of them, if it was read.
        std::vector<std::size_t> may_be;
    };
    [[nodiscard]] std::vector<unknown_namespace> unknown() const;
    /// Whether links of `space` lead to namespaces that it has not been told about.
    [[nodiscard]] bool has_unknown(std::size_t space) const;
    /// Whether they lead to the one that it calls so.
    [[nodiscard]] bool is_unknown(std::size_t space, std::int32_t id) const
    {
        return elsewhere_.contains({space, id}) && !known_.contains({space, id});
    }
    /// `space` calls the namespace `is` by this id.
    void learn(std::size_t space, std::int32_t id, std::size_t is);

    /// All that was told. Ends that nobody knows have no edge, and a note counts them.
    wiring finish();

private:
    /// What a link says of where it ends.
    struct far_end {
        std::size_t link = 0;
        std::uint32_t index = 0;
        bool pair = false;  ///< that end says the same of this one
    };
    using place = std::pair<std::size_t, std::uint32_t>;  // a namespace, and an index in it
    struct place_hash {
        std::size_t operator()(const place& one) const noexcept { return one.first * 0x9E3779B97F4A7C15U + one.second; }
    };

    void take_end(std::size_t space, std::size_t at, const netlink::detailed_link& link);
    [[nodiscard]] const std::size_t* find(std::size_t space, std::uint32_t index) const;
    [[nodiscard]] bool may_hold(std::size_t space, const std::vector<far_end>& ends) const;
    void add_end_edges(std::size_t space, const std::vector<far_end>& ends);
    void add_master_edges();
    void add_tunnel_edges();
    void add_edge(edge_kind kind, std::size_t from, std::size_t to);
    void order();

    wiring made_;
    std::unordered_map<place, std::size_t, place_hash> links_;
    std::unordered_map<std::size_t, std::uint32_t> master_of_;  // its index, by link
    std::unordered_map<std::size_t, std::uint32_t> pair_of_;    // the index of the other end of the pair, by link
    std::map<std::size_t, std::vector<far_end>> here_;          // by namespace
    std::map<std::pair<std::size_t, std::int32_t>, std::vector<far_end>> elsewhere_;
    std::map<std::pair<std::size_t, std::int32_t>, std::size_t> known_;
    std::vector<std::pair<std::size_t, tunnel_end>> tunnels_;
    std::size_t lost_ = 0;  // ends without an edge
};

}  // namespace nodescope
