#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"
#include "netlink/decode/packet_filters.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace nodescope::netlink {

namespace {

/// Numbers of nf_tables are in network order.
std::optional<std::uint32_t> nft_number(byte_span value, std::size_t& damaged)
{
    std::optional<std::uint32_t> number;
    take_number(number, value, damaged);
    if (number) number = ntohl(*number);
    return number;
}

nft_hook hook_of(byte_span attributes, std::size_t& damaged)
{
    nft_hook hook;
    for_each_attribute(attributes, damaged, [&](std::uint16_t type, byte_span value) {
        if (type == NFTA_HOOK_HOOKNUM) hook.number = nft_number(value, damaged).value_or(0);
        if (type == NFTA_HOOK_PRIORITY)
            hook.priority = static_cast<std::int32_t>(nft_number(value, damaged).value_or(0));
        if (type == NFTA_HOOK_DEV) hook.device = string_payload(value);
        if (type != NFTA_HOOK_DEVS) return;
        for_each_attribute(value, damaged, [&hook](std::uint16_t, byte_span name) {
            if (hook.device.empty()) hook.device = string_payload(name);
        });
    });
    return hook;
}

}  // namespace

bool decode(byte_span message, nft_table& to, std::size_t& damaged)
{
    return decode_message<nfgenmsg>((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE, message, damaged,
                                    [&](const nfgenmsg& header) {
                                        to.family = header.nfgen_family;
                                        return true;
                                    },
                                    [&](std::uint16_t type, byte_span value) {
                                        if (type == NFTA_TABLE_NAME) to.name = string_payload(value);
                                        if (type == NFTA_TABLE_FLAGS) {
                                            to.dormant =
                                                (nft_number(value, damaged).value_or(0) & NFT_TABLE_F_DORMANT) != 0;
                                        }
                                    });
}

bool decode(byte_span message, nft_chain& to, std::size_t& damaged)
{
    return decode_message<nfgenmsg>((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN, message, damaged,
                                    [&](const nfgenmsg& header) {
                                        to.family = header.nfgen_family;
                                        return true;
                                    },
                                    [&](std::uint16_t type, byte_span value) {
                                        if (type == NFTA_CHAIN_TABLE) to.table = string_payload(value);
                                        if (type == NFTA_CHAIN_TYPE) to.type = string_payload(value);
                                        if (type == NFTA_CHAIN_NAME) to.name = string_payload(value);
                                        if (type == NFTA_CHAIN_HOOK) to.hook = hook_of(value, damaged);
                                        if (type == NFTA_CHAIN_POLICY) to.policy = nft_number(value, damaged);
                                    });
}

std::optional<nft_rule_place> place_of_rule(byte_span message) noexcept
{
    nft_rule_place place;
    bool named = false;
    std::size_t damaged = 0;
    const bool good = decode_message<nfgenmsg>((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE, message, damaged,
                                               [&](const nfgenmsg& header) {
                                                   place.family = header.nfgen_family;
                                                   return true;
                                               },
                                               [&](std::uint16_t type, byte_span value) {
                                                   if (type != NFTA_RULE_TABLE) return;
                                                   place.table = string_payload(value);
                                                   named = true;
                                               });
    if (!good || !named) return std::nullopt;
    return place;
}

}  // namespace nodescope::netlink
