// unused-table: a table has routes, and no rule leads to it.
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <set>

namespace nodescope::findings {

namespace {

/// fe80::/10 and ff00::/8, which each link has by itself: they move along when all routes of a link are put into a
/// table for one source, as CNI's plugin `sbr` does, and nobody misses them.
bool is_of_the_link_alone(const netlink::detailed_route& route)
{
    if (route.family != AF_INET6) return false;
    const auto& bytes = route.destination.bytes;
    const bool link_local = route.destination_length >= 10 && bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80;
    return link_local || (route.destination_length >= 8 && bytes[0] == 0xff);
}

struct table_contents {
    const netlink::detailed_route* first = nullptr;
    std::size_t routes = 0;
};

std::map<std::uint32_t, table_contents> filled_tables(const network_model& model, std::uint8_t family)
{
    std::map<std::uint32_t, table_contents> tables;
    for (const netlink::detailed_route& one : model.routes.items) {
        if (one.family != family || one.table == RT_TABLE_UNSPEC || is_of_the_link_alone(one)) continue;
        table_contents& table = tables[one.table];
        if (table.routes == 0 || (is_default(one) && !is_default(*table.first))) table.first = &one;
        ++table.routes;
    }
    return tables;
}

}  // namespace

finding_list look_for_unused_table(const network_model& model)
{
    finding_list found;
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        const std::set<std::uint32_t> ruled = ruled_tables(model, family);
        for (const auto& [table, contents] : filled_tables(model, family)) {
            if (ruled.contains(table)) continue;
            finding one;
            one.summary = fmt::format("the table {} has {} {} route{}, and no rule leads to it", table_text(table),
                                      contents.routes, family_text(family), contents.routes == 1 ? "" : "s");
            one.seen.add("family", std::string(family_text(family)))
                .add("table", table_text(table))
                .add("routes", contents.routes)
                .add("route", destination_text(*contents.first));
            found.add(std::move(one));
        }
    }
    return found;
}

}  // namespace nodescope::findings
