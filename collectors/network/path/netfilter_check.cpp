#include "collectors/network/path/netfilter_check.hpp"

#include "collectors/network/path/rule_check.hpp"
#include "core/text.hpp"
#include "netlink/read/packet_filters.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace nodescope::paths {

namespace {

std::string rule_text_of(const quoted_rule& one)
{
    return fmt::format("{} (table {}, hook {}, {})", one.text, one.table, one.hook, one.program);
}

void parse_texts(place_filters& here, std::uint8_t family)
{
    if (here.parsed) return;
    here.parsed = true;
    for (const netlink::rule_text& one : here.texts.texts) {
        auto tables =
            one.program == "nft" ? parse_nft_ruleset(one.text, family) : parse_iptables_save(one.text, one.program);
        std::ranges::move(tables, std::back_inserter(here.tables));
    }
    here.texts.texts.clear();
}

bool is_here(walker& by, const position& at, const packet& what, const reading_limits& limits)
{
    const bool loopback = what.family == AF_INET && what.destination.bytes[0] == 127;
    return loopback || by.blocking_has_address(at.where, what.family, what.destination, limits);
}

/// True: it is followed, or there is none. False: which one is meant is not known.
bool translate(const std::vector<rule_table>& tables, const passing& at, packet& what, hop& here, std::string& doubt)
{
    const translations found = look_for_translation(tables, at);
    if (found.found.empty() && !found.unclear) return true;
    if (found.unclear) {
        if (doubt.empty()) doubt = rule_text_of(*found.unclear);
        here.netfilter.push_back(*found.unclear);
    }
    for (const translation& one : found.found) here.netfilter.push_back(one.by);
    if (found.unclear || found.found.size() > 1) {
        if (doubt.empty()) doubt = rule_text_of(found.found.front().by);
        return false;
    }
    const translation& only = found.found.front();
    if (!only.certain && doubt.empty()) doubt = rule_text_of(only.by);
    what.destination = only.to.destination;
    what.port = only.to.port;
    here.translated = netlink::address_text(what.family, what.destination);
    if (what.port != 0) here.translated += fmt::format(" port {}", what.port);
    return true;
}

void look_at(const std::vector<rule_table>& tables, const passing& at, hop& here, std::string& doubt)
{
    hook_rules found = look_at_hook(tables, at);
    const auto known = [&](const quoted_rule& one) {
        return std::ranges::any_of(here.netfilter, [&](const quoted_rule& other) {
            return other.text == one.text && other.table == one.table && other.program == one.program;
        });
    };
    for (quoted_rule& one : found.quoted) {
        if (here.netfilter.size() < quoted_limit && !known(one)) here.netfilter.push_back(std::move(one));
    }
    if (!found.may_drop) return;
    if (!known(*found.may_drop)) here.netfilter.push_back(*found.may_drop);
    if (doubt.empty()) doubt = rule_text_of(*found.may_drop);
}

/// The hooks that are passed after the decision.
void look_behind(const std::vector<rule_table>& tables, const packet& what, hop& here, std::string& doubt)
{
    const bool sent_here = here.input.empty();
    const auto look = [&](std::string_view hook, bool to_here) {
        passing at(what, hook);
        at.input = here.input;
        at.output = here.ifname;
        at.to_here = to_here;
        look_at(tables, at, here, doubt);
    };
    const bool delivered = here.what == verdict::delivered;
    look(sent_here ? "output" : "prerouting", delivered);
    if (here.what == verdict::stopped) return;
    if (delivered) return look("input", true);
    if (!sent_here) look("forward", false);
    look("postrouting", false);
}

}  // namespace

void blocking_look_for_filters(filters_by_place& all, const place& where, const netlink::net_namespace& home,
                               deadline limit, const abandon_flag& abandoned)
{
    place_filters& here = all[where.space.identity().inode];
    if (here.looked) return;
    here.looked = true;
    if (!where.process) {
        here.found = error(failure::unavailable,
                           fmt::format("no process is known in net:[{}]: its packet filters are not looked at",
                                       where.space.identity().inode));
        return;
    }
    here.found = netlink::blocking_read_filters(home, where.space, where.process->directory(), {}, limit, abandoned);
}

result<void> blocking_decide(walker& by, packet& what, std::unique_ptr<position>& at, filters_by_place& filters,
                             report& made, std::string& doubt, const reading_limits& limits)
{
    place_filters& here = filters[at->where.space.identity().inode];
    parse_texts(here, what.family);
    for (const std::string& note : here.texts.notes) {
        if (std::ranges::find(made.notes, note) == made.notes.end()) made.notes.push_back(note);
    }
    if (!here.texts.whole && doubt.empty()) {
        doubt =
            fmt::format("the packet filters of net:[{}], which could not be read", at->where.space.identity().inode);
    }
    hop before;
    const bool translates = !here.tables.empty();
    bool known = true;
    if (translates) {
        const packet unchanged = what;
        passing arriving(unchanged, at->input == 0 ? "output" : "prerouting");
        if (at->input != 0) arriving.input = by.link_name(*at, limits);
        arriving.to_here = is_here(by, *at, what, limits);
        known = translate(here.tables, arriving, what, before, doubt);
    }
    auto stepped = by.blocking_step(*at, what, limits);
    if (!stepped) return stepped.error();
    hop& decision = stepped->hops.front();
    decision.netfilter = std::move(before.netfilter);
    decision.translated = std::move(before.translated);
    if (translates) look_behind(here.tables, what, decision, doubt);
    if (!known) {
        // The rest of the way is another one's if a rule changes the destination.
        decision.what = verdict::forwarded;
        decision.why = "a rule may change its destination, and which address it gets would have to be evaluated";
        stepped->hops.resize(1);
        stepped->next.reset();
        stepped->end = reachability::unknown;
    }
    std::ranges::move(stepped->hops, std::back_inserter(made.hops));
    made.reachable = stepped->end;
    at.reset();
    if (!stepped->next) return {};
    if (made.hops.size() >= hops_limit) {
        made.hops.back().why =
            fmt::format("{} hops are behind it: it goes in a circle, or further than is looked at", made.hops.size());
        return {};
    }
    at = std::make_unique<position>(std::move(*stepped->next));
    return {};
}

void finish(report& made, const packet& what, const std::string& doubt, std::vector<std::string> notes)
{
    std::ranges::move(notes, std::back_inserter(made.notes));
    if (made.reachable == reachability::yes && !doubt.empty()) made.reachable = reachability::unknown;
    const hop& last = made.hops.back();
    const std::string whose = last.container                   ? fmt::format("the container {}", last.container->name)
                              : last.place == place_kind::node ? std::string("the node")
                                                               : fmt::format("net:[{}]", last.netns);
    const std::string count = made.hops.size() == 1 ? "1 hop" : fmt::format("{} hops", made.hops.size());
    switch (last.what) {
        case verdict::delivered:
            made.summary = fmt::format("{} is delivered in {} after {}", text_of(what), whose, count);
            break;
        case verdict::stopped:
            made.summary = fmt::format("{} is stopped in {} after {}: {}", text_of(what), whose, count, last.why);
            break;
        case verdict::forwarded:
            made.summary = fmt::format("{} gets as far as {} of {}: {}", text_of(what), last.ifname, whose, last.why);
            break;
    }
    if (!doubt.empty()) made.summary += fmt::format("; what would have to be evaluated: {}", doubt);
}

}  // namespace nodescope::paths
