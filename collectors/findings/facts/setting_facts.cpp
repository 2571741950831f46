#include "collectors/findings/facts/setting_facts.hpp"

#include <algorithm>
#include <cassert>

namespace nodescope::findings {

std::optional<std::int64_t> setting(const netlink::network_settings& of, std::string_view path)
{
    assert(std::ranges::find(settings_of_rules, path) != settings_of_rules.end());
    const auto found = std::ranges::find(of.files, path, &netlink::network_setting::path);
    if (found == of.files.end() || found->numbers.empty()) return std::nullopt;
    return found->numbers.front();
}

const netlink::link_settings* settings_of_link(const netlink::network_settings& of, int index)
{
    const auto found = std::ranges::find(of.links, index, &netlink::link_settings::index);
    return found != of.links.end() ? &*found : nullptr;
}

source_filter source_filter_of(const netlink::network_settings& of, int index)
{
    source_filter filter;
    const netlink::link_settings* const link = settings_of_link(of, index);
    if (link != nullptr) filter.of_link = link->rp_filter.value_or(0);
    filter.of_all = static_cast<std::int32_t>(setting(of, "ipv4/conf/all/rp_filter").value_or(0));
    return filter;
}

bool proxies_arp(const netlink::network_settings& of, int index)
{
    const netlink::link_settings* const link = settings_of_link(of, index);
    return (link != nullptr && link->proxy_arp.value_or(0) != 0) ||
           setting(of, "ipv4/conf/all/proxy_arp").value_or(0) != 0;
}

}  // namespace nodescope::findings
