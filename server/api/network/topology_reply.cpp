#include "server/api/network/topology_reply.hpp"

#include "collectors/network/part_text.hpp"
#include "core/json/writer.hpp"
#include "core/text.hpp"
#include "netlink/text/hardware_names.hpp"
#include "netlink/text/link_words.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace nodescope::api {

namespace {

constexpr std::size_t topology_note_bytes = 512;
/// The keys, and as many notes as there are lists.
constexpr std::size_t around_lists_bytes = 4096;

std::string_view word_for(namespace_kind kind)
{
    switch (kind) {
        case namespace_kind::node: return "node";
        case namespace_kind::container: return "container";
        case namespace_kind::named: return "named";
        case namespace_kind::other: break;
    }
    return "other";
}

std::string_view word_for(edge_kind kind)
{
    switch (kind) {
        case edge_kind::veth: return "veth";
        case edge_kind::bridge_port: return "bridge_port";
        case edge_kind::tunnel: return "tunnel";
        case edge_kind::lower: break;
    }
    return "lower";
}

void text_or_null(json_writer& json, std::string_view key, std::string_view text)
{
    json.key(key);
    if (text.empty()) json.null();
    else json.value(text);
}

void write_wired_container(json_writer& json, const wired_container& one)
{
    json.object([&] {
        json.member("id", one.id);
        json.member("name", one.name);
        json.member("runtime", one.runtime);
        json.key("pod");
        if (one.pod_name.empty()) return json.null();
        json.object([&] {
            json.member("namespace", one.pod_namespace);
            json.member("name", one.pod_name);
            json.member("container", one.container);
        });
    });
}

void write_namespace(json_writer& json, const wired_namespace& one)
{
    json.object([&] {
        json.member("netns", one.netns);
        json.member("kind", word_for(one.kind));
        json.array_member("containers", one.containers, [&](const auto& of) { write_wired_container(json, of); });
        text_or_null(json, "name", one.name);
        if (!one.missing.empty()) json.member("missing", escape_untrusted(one.missing, topology_note_bytes));
    });
}

std::string text_of(const wired_address& one)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_ntop(one.family, one.local.bytes.data(), text.data(), text.size()) == nullptr) return {};
    return fmt::format("{}/{}", text.data(), one.prefix_length);
}

void write_link(json_writer& json, const wiring& of, const wired_link& one)
{
    const std::uint8_t state = one.operational_state.value_or(0);
    std::string hardware;
    if (one.hardware.size != 0) netlink::append_hardware_address(hardware, one.hardware, one.type);
    json.object([&] {
        json.member("netns", of.namespaces[one.space].netns);
        json.member("ifindex", one.index);
        json.member("ifname", one.name);
        text_or_null(json, "kind", one.kind);
        text_or_null(json, "state",
                     state < std::size(netlink::operational_states) ? netlink::operational_states[state] : "");
        text_or_null(json, "address", hardware);
        json.array_member("addresses", one.addresses, [&](const auto& address) { json.value(text_of(address)); });
        json.member("mtu", one.mtu);
        text_or_null(json, "master", one.master ? std::string_view(of.links[*one.master].name) : "");
    });
}

void write_edge(json_writer& json, const wiring& of, const wired_edge& one)
{
    const auto end = [&](std::string_view key, std::size_t at) {
        json.object_member(key, [&] {
            json.member("netns", of.namespaces[of.links[at].space].netns);
            json.member("ifindex", of.links[at].index);
        });
    };
    json.object([&] {
        json.member("kind", word_for(one.kind));
        end("from", one.from);
        end("to", one.to);
    });
}

}  // namespace

std::string topology_reply(const wiring& read, std::size_t limit_bytes)
{
    std::size_t room = limit_bytes - std::min(limit_bytes, around_lists_bytes);
    const netlink::completeness whole;
    auto notes = read.notes;
    const auto take = [&](std::string_view key, const part_text& part) {
        room -= std::min(room, part.json.size());
        if (!part.note.empty()) append_clause(notes[std::string(key)], part.note);
    };
    // Each has what those before leave, so that there is always something of all three.
    const auto spaces = list_part(read.namespaces, whole, "namespaces", room / 4, write_namespace);
    take("namespaces", spaces);
    const auto links = list_part(read.links, whole, "links", room * 2 / 3,
                                 [&](json_writer& json, const auto& one) { write_link(json, read, one); });
    take("links", links);
    const auto edges = list_part(read.edges, whole, "edges", room,
                                 [&](json_writer& json, const auto& one) { write_edge(json, read, one); });
    take("edges", edges);

    std::string body;
    body.reserve(spaces.json.size() + links.json.size() + edges.json.size() + around_lists_bytes);
    json_writer json(body);
    json.object([&] {
        json.raw_member("namespaces", spaces.json);
        json.raw_member("links", links.json);
        json.raw_member("edges", edges.json);
        json.object_member("notes", [&] {
            for (const auto& [list, note] : notes) json.member(list, escape_untrusted(note, topology_note_bytes));
        });
    });
    body += '\n';
    return body;
}

}  // namespace nodescope::api
