#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace nodescope::netlink {

bool decode(byte_span message, nft_table& to, std::size_t& damaged)
{
    return decode_message<nfgenmsg>((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE, message, damaged,
                                    [&](const nfgenmsg& header) {
                                        to.family = header.nfgen_family;
                                        return true;
                                    },
                                    [&](std::uint16_t type, byte_span value) {
                                        if (type == NFTA_TABLE_NAME) to.name = string_payload(value);
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
                                    });
}

}  // namespace nodescope::netlink
