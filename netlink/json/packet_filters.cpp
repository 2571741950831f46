#include "netlink/json/packet_filters.hpp"

// Before the kernel's headers, which leave out what both define.
#include <netinet/in.h>

#include <linux/netfilter.h>

#include <string_view>

namespace nodescope::netlink {

namespace {

void write_hook(json_writer& out, const nft_chain& of)
{
    const nft_hook hook = of.hook.value_or(nft_hook());
    const std::string_view name = nft_hook_name(of.family, hook.number);
    out.member("chain", of.name);
    out.member("type", of.type);
    if (name.empty()) out.member("hook", hook.number);
    else out.member("hook", name);
    out.member("priority", hook.priority);
    // Only NF_DROP and NF_ACCEPT can be policies.
    if (of.policy) out.member("policy", *of.policy == NF_DROP ? std::string_view("drop") : std::string_view("accept"));
    if (!hook.device.empty()) out.member("device", hook.device);
}

void write_nft_table(json_writer& out, const nft_table_summary& of)
{
    out.member("family", nft_family_name(of.table.family));
    out.member("name", of.table.name);
    out.member("dormant", of.table.dormant);
    out.member("chains", of.chains);
    out.member("rules", of.rules);
    out.objects_member("hooks", of.base_chains, [&](const nft_chain& chain) { write_hook(out, chain); });
}

void write_legacy_table(json_writer& out, const legacy_table_summary& of)
{
    out.member("family", of.family);
    out.member("name", of.name);
    out.member("rules", of.rules);
    out.array_member("hooks", [&] {
        for (std::uint32_t number = 0; number < NF_INET_NUMHOOKS; ++number) {
            if ((of.hooks >> number & 1U) != 0) out.value(nft_hook_name(NFPROTO_INET, number));
        }
    });
}

}  // namespace

void write_filters(json_writer& out, const packet_filters& what)
{
    out.object([&] {
        if (what.nft) {
            out.objects_member("nft", *what.nft, [&](const nft_table_summary& one) { write_nft_table(out, one); });
        } else {
            out.key("nft"), out.null();
        }
        if (what.legacy) {
            out.objects_member("legacy", *what.legacy,
                               [&](const legacy_table_summary& one) { write_legacy_table(out, one); });
        } else {
            out.key("legacy"), out.null();
        }
    });
}

}  // namespace nodescope::netlink
