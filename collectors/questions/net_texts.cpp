#include "collectors/questions/net_texts.hpp"

#include "netlink/text/ip_addr.hpp"
#include "netlink/text/route.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace nodescope {

namespace {

void add_note(text_part& part, std::string_view clause)
{
    if (!part.note.empty()) part.note += ", ";
    part.note += clause;
}

// A view of what was read, with what must be said beside it. `count` items of `noun` are in the text.
text_part part_of(std::string text, const netlink::completeness& read, std::size_t count, std::string_view noun)
{
    text_part part(std::move(text));
    part.truncated = read.truncated;
    part.consistent = read.consistent;
    if (read.truncated) add_note(part, fmt::format("cut after {} {}: there are more", count, noun));
    if (!read.consistent) add_note(part, "changed while it was read");
    if (read.damaged != 0) add_note(part, fmt::format("{} damaged messages skipped", read.damaged));
    return part;
}

text_part part_of(result<netlink::nat_text>&& read)
{
    if (!read) return text_part(read.error());
    text_part part(std::move(read->text));
    part.truncated = read->truncated;
    if (read->truncated) add_note(part, "cut at the limit: there are more rules");
    if (read->incomplete) add_note(part, read->incomplete->message());
    return part;
}

}  // namespace

nat_texts::nat_texts(nat_reading read) : nat(part_of(std::move(read.ipv4)))
{
    if (read.ipv6) nat6 = part_of(std::move(*read.ipv6));
}

void netlink_progress::put(const result<netlink::links_and_addresses>& read)
{
    if (!read) return keep(&netlink_texts::addresses, text_part(read.error()));
    netlink::iproute_names names(root_);
    std::string text = netlink::ip_addr_text(read->links, read->addresses, names, read->namespace_names);
    keep(&netlink_texts::addresses, part_of(std::move(text), *read, read->addresses.size(), "addresses"));
}

void netlink_progress::put(const result<netlink::routes>& read)
{
    if (!read) return keep(&netlink_texts::route, text_part(read.error()));
    std::size_t lines = 0;
    std::string text = netlink::route_text(read->items, read->interfaces, *names_->current(), lines);
    keep(&netlink_texts::route, part_of(std::move(text), *read, lines, "routes"));
}

void netlink_progress::put(const result<netlink::ipv6_routes>& read)
{
    if (!read) return keep(&netlink_texts::route6, text_part(read.error()));
    if (!read->supported) return keep(&netlink_texts::route6, text_part(std::string(netlink::no_ipv6_text)));
    std::size_t lines = 0;
    std::string text = netlink::route6_text(read->items, *names_->current(), lines);
    keep(&netlink_texts::route6, part_of(std::move(text), *read, lines, "routes"));
}

void netlink_progress::keep(text_part netlink_texts::*part, text_part value)
{
    const std::lock_guard lock(mutex_);
    texts_.*part = std::move(value);
}

netlink_texts netlink_progress::take(const error& reason)
{
    const std::lock_guard lock(mutex_);
    for (text_part* const part : {&texts_.addresses, &texts_.route, &texts_.route6}) {
        if (!part->text && !part->reason) *part = text_part(reason);
    }
    return std::move(texts_);
}

}  // namespace nodescope
