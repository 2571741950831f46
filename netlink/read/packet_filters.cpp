#include "netlink/read/packet_filters.hpp"

#include "core/text.hpp"
#include "netlink/decode/packet_filters.hpp"
#include "netlink/read/dump_all.hpp"
#include "netlink/read/legacy_tables.hpp"

#include <fmt/format.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace nodescope::netlink {

namespace {

constexpr int filter_request(int message) { return (NFNL_SUBSYS_NFTABLES << 8) | message; }
constexpr nfgenmsg every_family{.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0, .res_id = 0};

/// Finds the table of a chain or a rule; they come in the order of tables, so it is mostly the last one again.
class table_finder {
public:
    explicit table_finder(std::vector<nft_table_summary>& tables) : tables_(tables) {}
    nft_table_summary* find(std::uint8_t family, std::string_view name)
    {
        const auto same = [&](const nft_table_summary& one) {
            return one.table.family == family && one.table.name == name;
        };
        if (last_ < tables_.size() && same(tables_[last_])) return &tables_[last_];
        const auto found = std::ranges::find_if(tables_, same);
        if (found == tables_.end()) return nullptr;
        last_ = static_cast<std::size_t>(found - tables_.begin());
        return &*found;
    }

private:
    std::vector<nft_table_summary>& tables_;
    std::size_t last_ = 0;
};

class nft_summary_reader {
public:
    nft_summary_reader(netlink_socket& socket, const filters_limits& limits, deadline limit, std::string& note)
        : socket_(socket), limits_(limits), limit_(limit), note_(note)
    {
    }

    result<std::vector<nft_table_summary>> read(const abandon_flag& abandoned)
    {
        auto tables = dump_all<nft_table>(socket_, {"nf_tables tables", filter_request(NFT_MSG_GETTABLE), every_family},
                                          {limits_.tables, limits_.bytes}, limit_, abandoned);
        if (!tables) return tables.error();
        for (nft_table& one : tables->items) made_.emplace_back().table = std::move(one);
        if (tables->truncated) {
            append_clause(note_, fmt::format("more than {} tables: the others are left out", made_.size()));
        }
        if (made_.empty()) return std::move(made_);
        if (const auto done = read_chains(); !done) return done.error();
        if (const auto done = count_rules(); !done) return done.error();
        return std::move(made_);
    }

private:
    result<void> read_chains()
    {
        table_finder finder(made_);
        std::size_t damaged = 0;
        std::size_t kept = 0;
        std::size_t left_out = 0;
        const dump_reader reader{.begin =
                                     [&] {
                                         damaged = kept = left_out = 0;
                                         for (auto& one : made_) one.chains = 0, one.base_chains.clear();
                                     },
                                 .message =
                                     [&](const nlmsghdr& message) {
                                         nft_chain chain;
                                         if (!decode(bytes_of(message), chain, damaged)) return;
                                         auto* const table = finder.find(chain.family, chain.table);
                                         if (table == nullptr) return;
                                         ++table->chains;
                                         if (!chain.hook) return;
                                         if (kept == limits_.base_chains) {
                                             ++left_out;
                                             return;
                                         }
                                         ++kept;
                                         table->base_chains.push_back(std::move(chain));
                                     }};
        const dump_request request("nf_tables chains", filter_request(NFT_MSG_GETCHAIN), every_family);
        const auto done = dump(socket_, request, {limits_.chains, limits_.bytes}, reader, limit_);
        if (!done) return done.error();
        if (left_out > 0) {
            append_clause(note_, fmt::format("{} of {} base chains are listed", kept, kept + left_out));
        }
        tell(*done, damaged, "chains");
        return {};
    }

    result<void> count_rules()
    {
        table_finder finder(made_);
        const dump_reader reader{.begin =
                                     [&] {
                                         for (auto& one : made_) one.rules = 0;
                                     },
                                 .message =
                                     [&](const nlmsghdr& message) {
                                         const auto place = place_of_rule(bytes_of(message));
                                         if (!place) return;
                                         auto* const table = finder.find(place->family, place->table);
                                         if (table != nullptr) ++table->rules;
                                     }};
        const dump_request request("nf_tables rules", filter_request(NFT_MSG_GETRULE), every_family);
        const auto done = dump(socket_, request, {limits_.rules, limits_.bytes}, reader, limit_);
        if (!done) return done.error();
        tell(*done, 0, "rules");
        return {};
    }

    void tell(const dump_outcome& how, std::size_t damaged, std::string_view what)
    {
        if (how.truncated) append_clause(note_, fmt::format("not all {} of nf_tables were counted", what));
        if (!how.consistent) append_clause(note_, fmt::format("{} of nf_tables changed while they were read", what));
        if (damaged > 0) append_clause(note_, fmt::format("{} messages about {} were damaged", damaged, what));
    }

    netlink_socket& socket_;
    const filters_limits& limits_;
    deadline limit_;
    std::string& note_;
    std::vector<nft_table_summary> made_;
};

/// None, with the reason in `note`, where nf_tables is not there or may not be asked.
result<std::optional<std::vector<nft_table_summary>>> read_nft(const net_namespace& home, const net_namespace& target,
                                                               const filters_limits& limits, deadline limit,
                                                               const abandon_flag& abandoned, packet_filters& made)
{
    using tables_or_none = std::optional<std::vector<nft_table_summary>>;
    std::string& note = made.note;
    const auto without = [&made] {
        made.lacks_nft = true;
        append_clause(made.note, "this kernel has no nf_tables");
        return tables_or_none();
    };
    auto socket = netlink_socket::open_in(home, target, NETLINK_NETFILTER);
    if (!socket && !has_protocol(NETLINK_NETFILTER)) return without();
    if (!socket) return socket.error();
    auto tables = nft_summary_reader(*socket, limits, limit, note).read(abandoned);
    if (tables) return tables_or_none(std::move(*tables));
    // EINVAL: no such subsystem, nf_tables is not in this kernel (nfnetlink_rcv_msg of net/netfilter/nfnetlink.c).
    if (tables.error().kind() == failure::invalid) return without();
    if (tables.error().kind() != failure::denied) return tables.error();
    append_clause(note, fmt::format("{} (CAP_NET_ADMIN is needed)", tables.error().message()));
    return tables_or_none();
}

}  // namespace

result<packet_filters> blocking_read_filters(const net_namespace& home, const net_namespace& target,
                                             int process_directory, const filters_limits& limits, deadline limit,
                                             const abandon_flag& abandoned)
{
    if (abandoned.raised()) return error(failure::cancelled, "packet filters: nobody waits for the answer any more");
    packet_filters made;
    auto legacy = blocking_read_legacy_tables(home, target, process_directory, limits.legacy_bytes);
    if (!legacy && legacy.error().kind() != failure::denied) return legacy.error();
    if (legacy) made.legacy = std::move(*legacy);
    else append_clause(made.note, legacy.error().message());

    auto nft = read_nft(home, target, limits, limit, abandoned, made);
    if (!nft) return nft.error();
    made.nft = std::move(*nft);
    return made;
}

}  // namespace nodescope::netlink
