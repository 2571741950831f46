// One namespace on the way, of which each list is read once, when it is first needed. For pool threads, one at a time.
#pragma once

#include "collectors/network/path/places.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/json/context.hpp"
#include "netlink/model/link_details.hpp"
#include "netlink/model/neighbour.hpp"
#include "netlink/read/dump.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::paths {

/// What bounds reading; of the job that reads.
struct reading_limits {
    reading_limits(deadline l, const abandon_flag& a) : limit(l), abandoned(a) {}
    deadline limit;
    const abandon_flag& abandoned;
};

class place_view {
public:
    /// Reads the links, which everything else needs.
    static result<std::unique_ptr<place_view>> blocking_open(const netlink::net_namespace& home, place which,
                                                             const reading_limits& limits);

    [[nodiscard]] const place& where() const noexcept { return where_; }
    [[nodiscard]] netlink::netlink_socket& socket() noexcept { return socket_; }
    [[nodiscard]] const std::vector<netlink::detailed_link>& links() const noexcept { return links_; }
    [[nodiscard]] const netlink::link_index& names() const noexcept { return names_; }
    /// Null for one that is not there.
    [[nodiscard]] const netlink::detailed_link* find(std::uint32_t index) const;
    [[nodiscard]] std::string name(std::uint32_t index) const { return names_.name(index); }

    // What cannot be read is empty, and `note` says why.
    const std::vector<netlink::neighbour>& blocking_neighbours(const reading_limits& limits);
    const std::vector<netlink::neighbour>& blocking_forwarding(const reading_limits& limits);
    const std::vector<netlink::link_address>& blocking_addresses(const reading_limits& limits);
    /// A setting that is 0, below /proc/sys/net.
    bool blocking_is_off(const std::string& setting) const;

    [[nodiscard]] const std::string& note() const noexcept { return note_; }

private:
    place_view(netlink::netlink_socket s, place w, std::vector<netlink::detailed_link> l)
        : where_(std::move(w)), socket_(std::move(s)), links_(std::move(l)), names_(links_)
    {
    }
    template <class T, class Read>
    const std::vector<T>& once(std::optional<std::vector<T>>& kept, const Read& read);

    place where_;
    netlink::netlink_socket socket_;
    std::vector<netlink::detailed_link> links_;
    netlink::link_index names_;
    std::optional<std::vector<netlink::neighbour>> neighbours_;
    std::optional<std::vector<netlink::neighbour>> forwarding_;
    std::optional<std::vector<netlink::link_address>> addresses_;
    std::string note_;
};

// What kinds of links are.
[[nodiscard]] std::string_view kind_of(const netlink::detailed_link& link);
[[nodiscard]] bool is_up(const netlink::detailed_link& link);
[[nodiscard]] bool has_carrier(const netlink::detailed_link& link);

}  // namespace nodescope::paths
