// The way of a packet from one routing decision to the next, each asked of the kernel. For pool threads, one at a time.
#pragma once

#include "collectors/network/path/path_model.hpp"
#include "collectors/network/path/place_view.hpp"
#include "collectors/network/path/places.hpp"
#include "core/error.hpp"
#include "netlink/model/link.hpp"
#include "netlink/model/route_details.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/text/iproute_names.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::paths {

/// Where a routing decision is to be made.
struct position {
    explicit position(place w, std::uint32_t i = 0) : where(std::move(w)), input(i) {}
    place where;
    std::uint32_t input;  ///< the link it came in; 0: a process there sends it
};

/// What came of one decision: hops (at least one), and the next decision or the end.
struct step {
    std::vector<hop> hops;
    std::optional<position> next;
    reachability end = reachability::unknown;  ///< where there is no next
};

class walker {
public:
    walker(std::string root, netlink::net_namespace home, place_finder places)
        : home_(std::move(home)), places_(std::move(places)), names_(std::move(root))
    {
    }

    [[nodiscard]] const place& asked() const noexcept { return places_.asked(); }
    /// Asks for the route, looks for the next hop among the neighbours, and follows the link to where it ends. The
    /// kernel's choice of the source goes into `what`. Failures are those of reading the links and asking for the
    /// route.
    result<step> blocking_step(const position& at, packet& what, const reading_limits& limits);
    /// Whether it is an address of that namespace.
    bool blocking_has_address(const place& where, std::uint8_t family, const netlink::network_address& address,
                              const reading_limits& limits);
    /// The link that it came in, by name.
    std::string link_name(const position& at, const reading_limits& limits);
    /// What could not be read.
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    /// What a packet has on its link.
    struct frame {
        std::uint8_t family = 0;
        netlink::network_address next_hop;
        std::optional<netlink::hardware_address> hardware;  ///< where it is known
    };
    /// Between the hop that sends and the step's end.
    struct crossing {
        crossing(step& m, const packet& w, const reading_limits& l) : made(m), what(w), limits(l) {}
        step& made;
        const packet& what;
        const reading_limits& limits;
        frame sent;
        std::size_t links = 0;  ///< that were crossed
    };

    result<place_view*> blocking_view(const place& which, const reading_limits& limits);
    static hop hop_in(const place& which);
    /// Both add to what the last hop says already.
    static void stop(crossing& at, std::string_view why);
    static void lose(crossing& at, std::string_view why);

    // walk.cpp: the decision.
    result<std::optional<netlink::detailed_route>> blocking_route(place_view& view, const position& at, packet& what,
                                                                  hop& here, crossing& way);
    void blocking_leave(place_view& view, const netlink::detailed_route& route, const position& at, crossing& way);
    void blocking_take_neighbour(place_view& view, std::uint32_t link, hop& here, crossing& way);
    // crossing.cpp: links, pairs and bridges.
    void blocking_cross(place_view& view, const netlink::detailed_link& link, crossing& way);
    void blocking_arrive(place there, std::uint32_t index, crossing& way);
    void blocking_bridge(place_view& view, const netlink::detailed_link& bridge, std::uint32_t input, crossing& way);
    const netlink::detailed_link* blocking_port_of(place_view& view, const netlink::detailed_link& bridge,
                                                   std::uint32_t input, hop& here, crossing& way, bool& up);
    const netlink::detailed_link* blocking_port_by_address(place_view& view, const netlink::detailed_link& bridge,
                                                           std::uint32_t input, crossing& way);
    std::optional<place> blocking_other_end(place_view& view, const netlink::detailed_link& link, crossing& way);
    void blocking_tunnel(place_view& view, const netlink::detailed_link& link, crossing& way);

    netlink::net_namespace home_;
    place_finder places_;
    netlink::iproute_names names_;
    std::map<ino_t, std::unique_ptr<place_view>> views_;
};

}  // namespace nodescope::paths
