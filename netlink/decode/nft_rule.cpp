#include "netlink/decode/filter_rules.hpp"
#include "netlink/decode/message.hpp"

#include <netinet/in.h>  // before the kernel's

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <map>
#include <string_view>

namespace nodescope::netlink {

namespace {

/// What an expression has put into a register.
struct loaded {
    enum class from { other, input_name, output_name, input_index, output_index, protocol_family, source, destination };
    from what = from::other;
    std::uint8_t family = 0;       ///< of an address
    std::uint8_t bits = 0;         ///< as many of it as were loaded, from the first
    bool is_masked_oddly = false;  ///< by what is no prefix
};

bool is_address(loaded::from what) { return what == loaded::from::source || what == loaded::from::destination; }

/// The attributes of one expression, the first of each type.
class expression_parts {
public:
    explicit expression_parts(byte_span nested)
    {
        std::size_t damaged = 0;
        for_each_attribute(nested, damaged,
                           [this](std::uint16_t type, byte_span value) { parts_.emplace(type, value); });
    }
    [[nodiscard]] byte_span bytes(std::uint16_t type) const
    {
        const auto found = parts_.find(type);
        return found != parts_.end() ? found->second : byte_span();
    }
    [[nodiscard]] std::uint32_t number(std::uint16_t type, std::uint32_t otherwise = 0) const
    {
        const auto read = read_struct<std::uint32_t>(bytes(type));
        return read ? ntohl(*read) : otherwise;
    }
    /// NFTA_DATA_VALUE within.
    [[nodiscard]] byte_span data(std::uint16_t type) const
    {
        return expression_parts(bytes(type)).bytes(NFTA_DATA_VALUE);
    }
    [[nodiscard]] bool has(std::uint16_t type) const { return parts_.contains(type); }

private:
    std::map<std::uint16_t, byte_span> parts_;
};

/// How many ones stand before the first zero, if no one follows it.
std::optional<std::uint8_t> prefix_of_mask(byte_span mask)
{
    unsigned bits = 0;
    bool ended = false;
    for (const std::byte one : mask) {
        const auto value = std::to_integer<std::uint8_t>(one);
        const auto ones = static_cast<unsigned>(std::countl_one(value));
        if (std::popcount(value) != static_cast<int>(ones) || (ended && value != 0)) return std::nullopt;
        bits += ones;
        ended = ended || ones != 8;
    }
    return static_cast<std::uint8_t>(bits);
}

class rule_reading {
public:
    explicit rule_reading(filter_rule& rule) : rule_(rule) {}

    void take(std::string_view name, const expression_parts& parts)
    {
        if (name == "meta") load_meta(parts);
        else if (name == "payload") load_payload(parts);
        else if (name == "bitwise") mask(parts);
        else if (name == "cmp") compare(parts);
        else if (name == "lookup") look_up(parts);
        else if (name == "immediate") decide(parts);
        else if (name == "match") extension(parts);
        // What only counts, and what is looked at by what follows it.
        else if (name == "counter" || name == "log" || name == "last" || name == "notrack") return;
        else if (parts.has(NFTA_CT_DREG) && name == "ct") load(parts.number(NFTA_CT_DREG), {});
        else rule_.has_conditions = true;
    }
    [[nodiscard]] bool decided() const { return decided_; }

private:
    void load(std::uint32_t to, loaded what) { registers_[register_number(to)] = what; }
    loaded held(std::uint32_t from) const
    {
        const auto found = registers_.find(register_number(from));
        return found != registers_.end() ? found->second : loaded();
    }
    /// The old registers of 16 bytes and the new ones of 4 are the same memory.
    static std::uint32_t register_number(std::uint32_t of)
    {
        constexpr std::uint32_t words = 4;
        return of >= NFT_REG32_00 ? of - NFT_REG32_00 + words : of * words;
    }

    void load_meta(const expression_parts& parts)
    {
        using enum loaded::from;
        if (!parts.has(NFTA_META_DREG)) return;  // it sets something
        loaded what;
        switch (parts.number(NFTA_META_KEY)) {
            case NFT_META_IIFNAME: what.what = input_name; break;
            case NFT_META_OIFNAME: what.what = output_name; break;
            case NFT_META_IIF: what.what = input_index; break;
            case NFT_META_OIF: what.what = output_index; break;
            case NFT_META_NFPROTO: what.what = protocol_family; break;
            default: break;
        }
        load(parts.number(NFTA_META_DREG), what);
    }

    /// Where addresses stand in the headers of RFC 791 and RFC 8200. Of a prefix of whole bytes only those are loaded.
    void load_payload(const expression_parts& parts)
    {
        if (!parts.has(NFTA_PAYLOAD_DREG)) return;
        constexpr unsigned source4 = 12;
        constexpr unsigned destination4 = 16;
        constexpr unsigned source6 = 8;
        constexpr unsigned destination6 = 24;
        constexpr unsigned size4 = 4;
        constexpr unsigned size6 = 16;
        constexpr unsigned byte_bits = 8;
        loaded what;
        const std::uint32_t size = parts.number(NFTA_PAYLOAD_LEN);
        const std::uint32_t offset = parts.number(NFTA_PAYLOAD_OFFSET);
        if (parts.number(NFTA_PAYLOAD_BASE) == NFT_PAYLOAD_NETWORK_HEADER && size > 0) {
            const bool four = (offset == source4 || offset == destination4) && size <= size4 && family_ != AF_INET6;
            const bool six = (offset == source6 || offset == destination6) && size <= size6 && family_ != AF_INET;
            if (four || six) {
                what.family = four ? AF_INET : AF_INET6;
                what.what = offset == source4 || offset == source6 ? loaded::from::source : loaded::from::destination;
                what.bits = static_cast<std::uint8_t>(size * byte_bits);
            }
        }
        load(parts.number(NFTA_PAYLOAD_DREG), what);
    }

    void mask(const expression_parts& parts)
    {
        loaded what = held(parts.number(NFTA_BITWISE_SREG));
        const auto bits = prefix_of_mask(parts.data(NFTA_BITWISE_MASK));
        if (!is_address(what.what) || !bits || parts.number(NFTA_BITWISE_OP) != NFT_BITWISE_BOOL)
            what.is_masked_oddly = true;
        else what.bits = std::min(what.bits, *bits);
        load(parts.number(NFTA_BITWISE_DREG), what);
    }

    void compare(const expression_parts& parts)
    {
        using enum loaded::from;
        const loaded what = held(parts.number(NFTA_CMP_SREG));
        const std::uint32_t how = parts.number(NFTA_CMP_OP);
        const byte_span data = parts.data(NFTA_CMP_DATA);
        if ((how != NFT_CMP_EQ && how != NFT_CMP_NEQ) || what.is_masked_oddly || data.empty()) {
            rule_.has_conditions = true;
            return;
        }
        const bool negated = how == NFT_CMP_NEQ;
        switch (what.what) {
            case input_name:
            case output_name: add_name(data, what.what == output_name, negated); break;
            case input_index:
            case output_index: add_index(data, what.what == output_index, negated); break;
            case source:
            case destination: add_address(what, data, negated); break;
            case protocol_family: set_family(data, negated); break;
            case other: rule_.has_conditions = true; break;
        }
    }

    void add_name(byte_span data, bool outgoing, bool negated)
    {
        interface_condition& made = rule_.interfaces.emplace_back();
        made.name = string_payload(data);
        // A whole name is compared with its end, a beginning without.
        made.is_beginning = made.name.size() == data.size();
        made.outgoing = outgoing;
        made.negated = negated;
    }
    void add_index(byte_span data, bool outgoing, bool negated)
    {
        interface_condition& made = rule_.interfaces.emplace_back();
        made.index = read_struct<std::uint32_t>(data).value_or(0);
        made.outgoing = outgoing;
        made.negated = negated;
    }
    void add_address(const loaded& what, byte_span data, bool negated)
    {
        address_condition& made = rule_.addresses.emplace_back();
        made.family = what.family;
        made.prefix_length = what.bits;
        const std::size_t size = std::min(data.size(), made.address.bytes.size());
        std::memcpy(made.address.bytes.data(), data.data(), size);
        made.is_destination = what.what == loaded::from::destination;
        made.negated = negated;
        if (rule_.family == 0) rule_.family = what.family;
    }
    void set_family(byte_span data, bool negated)
    {
        const auto said = std::to_integer<std::uint8_t>(data.front());
        if (negated || (said != NFPROTO_IPV4 && said != NFPROTO_IPV6)) {
            rule_.has_conditions = true;
            return;
        }
        family_ = said == NFPROTO_IPV4 ? AF_INET : AF_INET6;
        rule_.family = family_;
    }

    /// Which elements a set has, is not read. Of a map to verdicts one may accept.
    void look_up(const expression_parts& parts)
    {
        const bool names = held(parts.number(NFTA_LOOKUP_SREG)).what != loaded::from::other;
        (names ? rule_.looks_in_set : rule_.has_conditions) = true;
        if (names && parts.has(NFTA_LOOKUP_DREG) && parts.number(NFTA_LOOKUP_DREG) == NFT_REG_VERDICT) decided_ = true;
    }

    void decide(const expression_parts& parts)
    {
        if (parts.number(NFTA_IMMEDIATE_DREG, NFT_REG_1) != NFT_REG_VERDICT) return;
        const expression_parts verdict(expression_parts(parts.bytes(NFTA_IMMEDIATE_DATA)).bytes(NFTA_DATA_VERDICT));
        if (!verdict.has(NFTA_VERDICT_CODE)) return;
        const auto code = static_cast<std::int32_t>(verdict.number(NFTA_VERDICT_CODE));
        if (code == NF_ACCEPT) {
            rule_.verdict = filter_verdict::accept;
            decided_ = true;
        } else if (code == NFT_JUMP || code == NFT_GOTO) {
            rule_.verdict = filter_verdict::jump;
            rule_.target = string_payload(verdict.bytes(NFTA_VERDICT_CHAIN));
            decided_ = true;
        }
    }

    /// A match of xtables. A comment decides nothing.
    void extension(const expression_parts& parts)
    {
        if (string_payload(parts.bytes(NFTA_MATCH_NAME)) != "comment") rule_.has_conditions = true;
    }

    filter_rule& rule_;
    std::map<std::uint32_t, loaded> registers_;
    std::uint8_t family_ = 0;
    bool decided_ = false;
};

}  // namespace

std::optional<filter_rule> decode_nft_rule(byte_span message)
{
    filter_rule rule;
    rule_reading reading(rule);
    std::size_t damaged = 0;
    const auto take_expression = [&](byte_span element) {
        const expression_parts parts(element);
        reading.take(string_payload(parts.bytes(NFTA_EXPR_NAME)), expression_parts(parts.bytes(NFTA_EXPR_DATA)));
    };
    const bool good = decode_message<nfgenmsg>(
        (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE, message, damaged, [](const nfgenmsg&) { return true; },
        [&](std::uint16_t type, byte_span value) {
            if (type == NFTA_RULE_CHAIN) rule.chain = string_payload(value);
            if (type != NFTA_RULE_EXPRESSIONS) return;
            for_each_attribute(value, damaged, [&](std::uint16_t, byte_span element) { take_expression(element); });
        });
    if (!good || damaged > 0 || rule.chain.empty() || !reading.decided()) return std::nullopt;
    return rule;
}

}  // namespace nodescope::netlink
