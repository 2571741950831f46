#include "netlink/text/ip_addr.hpp"

#include "core/append_formatted.hpp"
#include "netlink/text/address_text.hpp"
#include "netlink/text/hardware_names.hpp"
#include "netlink/text/link_words.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>

#include <algorithm>
#include <concepts>
#include <unordered_map>
#include <vector>

namespace nodescope::netlink {
namespace {

class writer {
public:
    writer(std::span<const link> links, iproute_names& names,
           const std::map<std::int32_t, std::string>& namespace_names)
        : names_(names), namespace_names_(namespace_names)
    {
        for (const link& known : links) by_index_.insert_or_assign(known.index, &known);
    }

    /// False when iproute2 would show neither the link nor its addresses.
    bool write(const link& shown)
    {
        const std::string name = shown.name ? *shown.name : fmt::format("if{}", shown.index);
        if (!is_valid_name(name)) return false;
        put(shown.index, ": ", name);
        write_lower(shown);
        out += ": ";
        write_flags(shown);
        write_properties(shown);
        out += "\n    link/";
        write_hardware(shown);
        write_lower_namespace(shown);
        write_protocol_down(shown);
        for (const std::string& alternative : shown.alternative_names) put("\n    altname ", alternative);
        out += '\n';
        return true;
    }

    // A namespace may have thousands of addresses: their lines are made without a format string to parse.
    void write(const link_address& shown)
    {
        if (const auto family = family_name(shown.family); !family.empty()) put("    ", family, ' ');
        else put("    family ", shown.family, ' ');
        if (shown.local) {
            append_address(out, shown.family, *shown.local);
            if (shown.peer && *shown.peer != *shown.local) {
                out += " peer ";
                append_address(out, shown.family, *shown.peer);
            }
            put('/', shown.prefix_length, ' ');
            if (shown.metric) put("metric ", *shown.metric, ' ');
        }
        write_other_address("brd ", shown.family, shown.broadcast);
        write_other_address("any ", shown.family, shown.anycast);
        put("scope ", names_.scope(shown.scope), ' ');
        write_address_flags(shown);
        if (shown.label) out += *shown.label;
        if (shown.lifetime) write_lifetime(*shown.lifetime, (shown.flags & IFA_F_DEPRECATED) != 0);
        out += '\n';
    }

    std::string out;

private:
    template <class... Args>
    void print(fmt::format_string<Args...> format, Args&&... args)
    {
        append_formatted(out, format, std::forward<Args>(args)...);
    }

    void append(std::string_view text) { out += text; }
    void append(char c) { out += c; }
    void append(std::integral auto number)
    {
        const fmt::format_int digits(number);
        out.append(digits.data(), digits.size());
    }
    template <class... Parts>
    void put(const Parts&... parts)
    {
        (append(parts), ...);
    }

    [[nodiscard]] const link* find(std::uint32_t index) const
    {
        const auto found = by_index_.find(static_cast<int>(index));
        return found != by_index_.end() ? found->second : nullptr;
    }

    [[nodiscard]] std::string name_of(std::uint32_t index) const
    {
        if (index == 0) return "*";
        const link* const known = find(index);
        return known != nullptr && known->name ? *known->name : fmt::format("if{}", index);
    }

    void write_lower(const link& shown)
    {
        if (!shown.lower) return;
        if (*shown.lower == 0) out += "@NONE";
        else if (shown.lower_namespace) put("@if", *shown.lower);
        else put('@', name_of(*shown.lower));
    }

    [[nodiscard]] bool is_lower_down(const link& shown) const
    {
        if (!shown.lower || *shown.lower == 0 || shown.lower_namespace) return false;
        const link* const lower = find(*shown.lower);
        return lower != nullptr && (lower->flags & IFF_UP) == 0;
    }

    void write_flags(const link& shown)
    {
        out += '<';
        std::uint32_t rest = shown.flags;
        if ((rest & IFF_UP) != 0 && (rest & IFF_RUNNING) == 0) out += "NO-CARRIER,";
        rest &= ~static_cast<std::uint32_t>(IFF_RUNNING);
        for (const flag_name& flag : link_flag_names) {
            if ((rest & flag.bit) == 0) continue;
            rest &= ~flag.bit;
            out += flag.name;
            if (rest != 0) out += ',';
        }
        if (rest != 0) print("{:x}", rest);
        if (is_lower_down(shown)) out += ",M-DOWN";
        out += "> ";
    }

    void write_properties(const link& shown)
    {
        if (shown.mtu) print("mtu {} ", *shown.mtu);
        if (shown.xdp) write_xdp(*shown.xdp);
        if (shown.qdisc) print("qdisc {} ", *shown.qdisc);
        if (shown.master) print("master {} ", name_of(*shown.master));
        if (shown.operational_state) {
            const std::size_t state = *shown.operational_state;
            if (state < std::size(operational_states)) print("state {} ", operational_states[state]);
            else print("state {:#x}", state);  // without a space, as iproute2
        }
        if (shown.group) print("group {} ", names_.group(*shown.group));
        if (shown.queue_length && *shown.queue_length != 0) {
            print("qlen {}", static_cast<std::int32_t>(*shown.queue_length));
        }
    }

    void write_xdp(const xdp_state& state)
    {
        if (state.mode == XDP_ATTACHED_NONE) return;
        if (state.mode < std::size(xdp_modes)) out += xdp_modes[state.mode];
        else print("xdp[{}]", state.mode);
        if (state.program_id != 0) print("/id:{}", state.program_id);
        out += ' ';
    }

    void write_hardware(const link& shown)
    {
        if (const auto type = hardware_type_name(shown.type); !type.empty()) print("{} ", type);
        else print("[{}] ", shown.type);
        if (shown.address) append_hardware_address(out, *shown.address, shown.type);
        if (shown.broadcast) {
            out += (shown.flags & IFF_POINTOPOINT) != 0 ? " peer " : " brd ";
            append_hardware_address(out, *shown.broadcast, shown.type);
        }
        if (shown.permanent_address && shown.permanent_address != shown.address) {
            out += " permaddr ";
            append_hardware_address(out, *shown.permanent_address, shown.type);
        }
    }

    void write_lower_namespace(const link& shown)
    {
        if (!shown.lower_namespace) return;
        const auto id = *shown.lower_namespace;
        const auto name = namespace_names_.find(id);
        if (id < 0) out += " link-netnsid unknown";
        else if (name != namespace_names_.end()) put(" link-netns ", name->second);
        else put(" link-netnsid ", id);
    }

    void write_protocol_down(const link& shown)
    {
        if (!shown.protocol_down) return;
        if (*shown.protocol_down) out += " protodown on ";
        // iproute2 6.1 looks for the wrong attribute, so it shows reasons only of links that have a broadcast address;
        // and it reads their lowest 8 bits only.
        if (!shown.protocol_down_reasons || !shown.broadcast) return;
        const std::uint32_t reasons = *shown.protocol_down_reasons & 0xFFU;
        if (reasons == 0) return;
        out += "protodown_reason <";
        bool first = true;
        for (unsigned bit = 0; bit < 8; ++bit) {
            if ((reasons >> bit & 1U) == 0) continue;
            if (!first) out += ',';
            first = false;
            out += names_.protocol_down_reason(bit);
        }
        out += '>';
    }

    void write_other_address(std::string_view word, std::uint8_t family, const std::optional<network_address>& address)
    {
        if (!address) return;
        out += word;
        append_address(out, family, *address);
        out += ' ';
    }

    void write_address_flags(const link_address& shown)
    {
        std::uint32_t rest = shown.flags;
        if ((rest & IFA_F_SECONDARY) != 0) {
            out += shown.family == AF_INET6 ? "temporary " : "secondary ";
            rest &= ~static_cast<std::uint32_t>(IFA_F_SECONDARY);
        }
        for (const flag_name& flag : address_flag_names) {
            const bool set = (rest & flag.bit) != 0;
            rest &= ~flag.bit;
            if (flag.bit == IFA_F_PERMANENT) out += set ? "" : "dynamic ";
            else if (set) put(flag.name, ' ');
        }
        if (rest != 0) print("flags {:02x} ", rest);
    }

    void write_lifetime(const address_lifetime& lifetime, bool deprecated)
    {
        out += "\n       valid_lft ";
        if (lifetime.valid == address_lifetime::forever) out += "forever";
        else put(lifetime.valid, "sec");
        out += " preferred_lft ";
        if (lifetime.preferred == address_lifetime::forever) out += "forever";
        else if (deprecated) put(static_cast<std::int32_t>(lifetime.preferred), "sec");
        else put(lifetime.preferred, "sec");
    }

    iproute_names& names_;
    const std::map<std::int32_t, std::string>& namespace_names_;
    std::unordered_map<int, const link*> by_index_;
};

}  // namespace

std::string ip_addr_text(std::span<const link> links, std::span<const link_address> addresses, iproute_names& names,
                         const std::map<std::int32_t, std::string>& namespace_names)
{
    // The kernel lists addresses by family first; a link's lines keep that order.
    std::vector<const link_address*> by_link(addresses.size());
    std::transform(addresses.begin(), addresses.end(), by_link.begin(), [](const link_address& a) { return &a; });
    std::ranges::stable_sort(by_link, {}, &link_address::link_index);

    writer text(links, names, namespace_names);
    text.out.reserve(links.size() * 224 + addresses.size() * 112);
    for (const link& shown : links) {
        if (!text.write(shown)) continue;
        // Not equal_range: clang 14, which lints and fuzzes this, cannot compile the subrange it returns.
        auto own = std::ranges::lower_bound(by_link, shown.index, {}, &link_address::link_index);
        for (; own != by_link.end() && (*own)->link_index == shown.index; ++own) text.write(**own);
    }
    return std::move(text.out);
}

}  // namespace nodescope::netlink
