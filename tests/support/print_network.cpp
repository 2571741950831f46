// Prints what the service shows of a process's network: `print_network PID [ROOT]`, or of recorded netlink messages:
// `print_network --messages LINKS ADDRESSES [ROOT]`, as text, and with `--json-messages` as /v1/network has it. For
// tests that compare it with the real tools.
#include "netlink/decode/decode.hpp"
#include "netlink/json/link.hpp"
#include "netlink/json/queue_discipline.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/network_reader.hpp"
#include "netlink/text/ip_addr.hpp"

#include <fcntl.h>
#include <linux/netlink.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace nodescope;

result<std::string> addresses_of(const std::string& pid, const std::string& root)
{
    const deadline limit = deadline::in(std::chrono::seconds(10));
    const unique_fd process(::open(("/proc/" + pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    const auto target = netlink::net_namespace::of_process(process.get());
    if (!target) return target.error();
    auto socket = netlink::netlink_socket::open_in(*home, *target, NETLINK_ROUTE);
    if (!socket) return socket.error();
    const abandon_flag abandoned;
    const auto read = netlink::blocking_read_addresses(*socket, root, {}, limit, abandoned);
    if (!read) return read.error();
    netlink::iproute_names names(root);
    return netlink::ip_addr_text(read->links, read->addresses, names, read->namespace_names);
}

// Messages back to back, as the kernel would send them.
template <class T>
std::vector<T> decode_file(const char* path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::vector<T> items;
    std::size_t damaged = 0;
    netlink::byte_span rest = std::as_bytes(std::span(bytes));
    while (const auto header = netlink::read_struct<nlmsghdr>(rest)) {
        if (!netlink::decode(rest, items.emplace_back(), damaged)) items.pop_back();
        rest = netlink::after(rest, header->nlmsg_len);
    }
    return items;
}

std::string json_of(const char* links_file, const char* addresses_file)
{
    const auto links = decode_file<netlink::detailed_link>(links_file);
    const auto addresses = decode_file<netlink::link_address>(addresses_file);
    const netlink::link_index index(links);
    netlink::iproute_names names("/");
    const netlink::json_context context(index, names);
    std::string out;
    json_writer json(out);
    json.array(links, [&](const netlink::detailed_link& one) {
        std::vector<const netlink::link_address*> own;
        for (const netlink::link_address& address : addresses) {
            if (address.link_index == one.index) own.push_back(&address);
        }
        netlink::write_link(json, one, own, context);
    });
    return out;
}

std::string queues_json_of(const char* links_file, const char* queues_file)
{
    const netlink::link_index index(decode_file<netlink::link>(links_file));
    netlink::iproute_names names("/");
    std::string out;
    json_writer json(out);
    json.array(decode_file<netlink::queue_discipline>(queues_file), [&](const netlink::queue_discipline& one) {
        netlink::write_queue_discipline(json, one, netlink::json_context(index, names));
    });
    return out;
}

}  // namespace

int main(int count, char** arguments)
{
    if (count < 2) {
        std::fputs("usage: print_network PID [ROOT]\n", stderr);
        return 2;
    }
    if (count >= 4 && std::string_view(arguments[1]) == "--messages") {
        const auto links = decode_file<netlink::link>(arguments[2]);
        const auto addresses = decode_file<netlink::link_address>(arguments[3]);
        netlink::iproute_names names(count > 4 ? arguments[4] : "/");
        const auto shown = netlink::ip_addr_text(links, addresses, names, {});
        std::fwrite(shown.data(), 1, shown.size(), stdout);
        return 0;
    }
    if (count >= 4 && std::string_view(arguments[1]) == "--json-messages") {
        std::puts(json_of(arguments[2], arguments[3]).c_str());
        return 0;
    }
    if (count >= 4 && std::string_view(arguments[1]) == "--json-queues") {
        std::puts(queues_json_of(arguments[2], arguments[3]).c_str());
        return 0;
    }
    const auto text = addresses_of(arguments[1], count > 2 ? arguments[2] : "/");
    if (!text) {
        std::fprintf(stderr, "%s\n", text.error().message().c_str());
        return 1;
    }
    std::fwrite(text->data(), 1, text->size(), stdout);
    return 0;
}
