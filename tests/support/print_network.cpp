// Prints what the service shows of a process's network: `print_network PID [ROOT]`. For tests that compare it with the
// real tools without going through HTTP.
#include "netlink/address_reading.hpp"
#include "netlink/net_namespace.hpp"

#include <fcntl.h>
#include <linux/netlink.h>

#include <cstdio>
#include <string>

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
    auto socket = netlink::netlink_socket::open_in(*home, *target, NETLINK_ROUTE, limit);
    if (!socket) return socket.error();
    const abandon_flag abandoned;
    auto read = netlink::blocking_read_addresses(*socket, root, {}, limit, abandoned);
    if (!read) return read.error();
    return std::move(read->text);
}

}  // namespace

int main(int count, char** arguments)
{
    if (count < 2) {
        std::fputs("usage: print_network PID [ROOT]\n", stderr);
        return 2;
    }
    const auto text = addresses_of(arguments[1], count > 2 ? arguments[2] : "/");
    if (!text) {
        std::fprintf(stderr, "%s\n", text.error().message().c_str());
        return 1;
    }
    std::fwrite(text->data(), 1, text->size(), stdout);
    return 0;
}
