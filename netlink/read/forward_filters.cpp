#include "netlink/read/forward_filters.hpp"

#include "core/text.hpp"
#include "netlink/decode/decode.hpp"
#include "netlink/decode/filter_rules.hpp"
#include "netlink/read/dump.hpp"
#include "netlink/read/legacy_tables.hpp"

#include <fmt/format.h>

#include <netinet/in.h>  // before the kernel's

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace nodescope::netlink {

namespace {

constexpr int nft_request(int message) { return (NFNL_SUBSYS_NFTABLES << 8) | message; }

/// What kube-proxy (pkg/proxy/iptables) and dockerd (libnetwork/drivers/bridge) call their first chains.
bool is_of_services(std::string_view chain) { return chain == "KUBE-SERVICES" || chain == "DOCKER"; }
/// kube-proxy's own table of nf_tables (pkg/proxy/nftables), and dockerd's.
bool is_table_of_services(std::string_view table) { return table == "kube-proxy" || table == "docker-bridges"; }

void add_once(std::vector<std::string>& names, std::string_view name)
{
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
}

std::uint8_t address_family(std::uint8_t nft_family)
{
    if (nft_family == NFPROTO_IPV4) return AF_INET;
    return nft_family == NFPROTO_IPV6 ? AF_INET6 : 0;
}

bool drops_what_is_passed_on(const nft_chain& chain)
{
    const bool of_packets =
        chain.family == NFPROTO_IPV4 || chain.family == NFPROTO_IPV6 || chain.family == NFPROTO_INET;
    return of_packets && chain.hook && chain.hook->number == NF_INET_FORWARD && chain.policy == NF_DROP;
}

using kept_rules = std::shared_ptr<const std::vector<filter_rule>>;

class forward_reader {
public:
    forward_reader(const net_namespace& home, const net_namespace& target, const forward_limits& limits, deadline limit,
                   forward_filters& made)
        : home_(home), target_(target), limits_(limits), limit_(limit), made_(made), left_bytes_(limits.kept_bytes)
    {
    }

    result<void> read_nft()
    {
        auto socket = netlink_socket::open_in(home_, target_, NETLINK_NETFILTER);
        if (!socket) return socket.error();
        for (const nft_table_summary& one : *made_.tables.nft) {
            if (is_table_of_services(one.table.name)) add_once(made_.service_chains, one.table.name);
            if (one.table.dormant) continue;
            const auto dropping = std::ranges::find_if(one.base_chains, drops_what_is_passed_on);
            if (dropping == one.base_chains.end()) continue;
            const auto rules = rules_of(*socket, one.table);
            if (!rules) return rules.error();
            for (const nft_chain& chain : one.base_chains) {
                if (!drops_what_is_passed_on(chain)) continue;
                made_.dropping.push_back(
                    {"nf_tables", address_family(chain.family), one.table.name, chain.name, *rules});
            }
        }
        return made_.tables.nft->empty() ? result<void>() : read_chain_names(*socket);
    }

    result<void> read_legacy()
    {
        for (const legacy_table_summary& one : *made_.tables.legacy) {
            if ((one.name != "filter" && one.name != "nat") || one.family == "arp") continue;
            if (!one.rules) {
                tell(fmt::format("the rules of the legacy table {} of {} could not be read", one.name, one.family));
                continue;
            }
            const auto entries = blocking_read_legacy_entries(home_, target_, one, limits_.tables.legacy_bytes);
            if (!entries) return entries.error();
            auto rules = decode_legacy_rules(byte_span(entries->buffer).subspan(entries->begin),
                                             entries->is_ipv6 ? ip6t_layout : ipt_layout, entries->forward,
                                             entries->forward_end, left_bytes_);
            if (!rules) {
                tell(fmt::format("the legacy table {} has more rules than are read, or none that follow each other",
                                 one.name));
                continue;
            }
            for (const std::string& chain : rules->chains) {
                if (is_of_services(chain)) add_once(made_.service_chains, chain);
            }
            if (!rules->forward_drops) continue;
            for (const filter_rule& rule : rules->rules) left_bytes_ -= std::min(left_bytes_, size_of(rule));
            made_.dropping.push_back({"legacy", entries->is_ipv6 ? std::uint8_t{AF_INET6} : std::uint8_t{AF_INET},
                                      one.name, "FORWARD",
                                      std::make_shared<const std::vector<filter_rule>>(std::move(rules->rules))});
        }
        return {};
    }

private:
    void tell(const std::string& what) { append_clause(made_.missing, what); }

    result<kept_rules> rules_of(netlink_socket& socket, const nft_table& table)
    {
        const nfgenmsg header{.nfgen_family = table.family, .version = NFNETLINK_V0, .res_id = 0};
        const dump_request request("nf_tables rules", nft_request(NFT_MSG_GETRULE), header, [&table](nl_msg* message) {
            nla_put_string(message, NFTA_RULE_TABLE, table.name.c_str());
        });
        auto rules = std::make_shared<std::vector<filter_rule>>();
        std::size_t left = left_bytes_;
        bool is_cut = false;
        const auto take = [&](const nlmsghdr& message) {
            const auto place = place_of_rule(bytes_of(message));
            if (!place || place->table != table.name || place->family != table.family || is_cut) return;
            auto rule = decode_nft_rule(bytes_of(message));
            if (!rule) return;
            const std::size_t size = size_of(*rule);
            is_cut = size > left;
            if (is_cut) return;
            left -= size;
            rules->push_back(std::move(*rule));
        };
        const auto begin = [&] {
            rules->clear();
            left = left_bytes_;
            is_cut = false;
        };
        const dump_reader reader{.begin = begin, .message = take};
        const auto done = dump(socket, request, {limits_.tables.rules, limits_.bytes}, reader, limit_);
        if (!done) return done.error();
        left_bytes_ = left;
        if (done->truncated || is_cut) tell(fmt::format("not all rules of the table {} were read", table.name));
        return kept_rules(std::move(rules));
    }

    result<void> read_chain_names(netlink_socket& socket)
    {
        const nfgenmsg header{.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0, .res_id = 0};
        const dump_request request("nf_tables chains", nft_request(NFT_MSG_GETCHAIN), header);
        std::size_t damaged = 0;
        const dump_reader reader{.begin = [] {},
                                 .message =
                                     [&](const nlmsghdr& message) {
                                         nft_chain chain;
                                         if (!decode(bytes_of(message), chain, damaged)) return;
                                         if (is_of_services(chain.name)) add_once(made_.service_chains, chain.name);
                                     }};
        const auto done = dump(socket, request, {limits_.tables.chains, limits_.tables.bytes}, reader, limit_);
        if (!done) return done.error();
        if (done->truncated) tell("not all chains of nf_tables were read");
        return {};
    }

    const net_namespace& home_;
    const net_namespace& target_;
    const forward_limits& limits_;
    deadline limit_;
    forward_filters& made_;
    std::size_t left_bytes_;
};

}  // namespace

result<forward_filters> blocking_read_forward_filters(const net_namespace& home, const net_namespace& target,
                                                      int process_directory, const forward_limits& limits,
                                                      deadline limit, const abandon_flag& abandoned)
{
    auto tables = blocking_read_filters(home, target, process_directory, limits.tables, limit, abandoned);
    if (!tables) return tables.error();
    forward_filters made;
    made.tables = std::move(*tables);
    if (!made.tables.lacks_nft) made.missing = made.tables.note;
    forward_reader reader(home, target, limits, limit, made);
    if (made.tables.nft) {
        if (const auto done = reader.read_nft(); !done) return done.error();
    }
    if (made.tables.legacy) {
        if (const auto done = reader.read_legacy(); !done) return done.error();
    }
    return made;
}

}  // namespace nodescope::netlink
