// Prints one text of a process's network as the service would show it, for tests that compare it with the real tools:
// `print_tables route|route6|nat|nat6 PID [ROOT [XTABLES_DIRECTORY [TIMEOUT_MS]]]`. What must be said beside the text
// goes to standard error; exit status 1 when there is no text.
#include "netlink/nat.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/route_reading.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <linux/netlink.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace nodescope;

struct request {
    std::string what;
    std::shared_ptr<const unique_fd> process;
    std::string root = "/";
    std::string xtables_directory;
    std::chrono::milliseconds timeout{10000};
};

struct shown {
    std::string text;
    std::string note;
};

shown of_routes(netlink::routes_text&& read)
{
    shown made{std::move(read.text), {}};
    if (read.truncated) made.note += "truncated after " + std::to_string(read.routes) + " routes\n";
    if (!read.consistent) made.note += "inconsistent\n";
    if (read.damaged > 0) made.note += "damaged: " + std::to_string(read.damaged) + '\n';
    return made;
}

result<shown> routes(const request& asked, const netlink::net_namespace& home, const netlink::net_namespace& target)
{
    const deadline limit = deadline::in(asked.timeout);
    const abandon_flag abandoned;
    const auto names = netlink::name_source(asked.root).current();
    if (asked.what == "route6") {
        auto read = netlink::blocking_read_routes6(asked.process->get(), *names, {}, limit, abandoned);
        if (!read) return read.error();
        return of_routes(std::move(*read));
    }
    auto socket = netlink::netlink_socket::open_in(home, target, NETLINK_ROUTE, limit);
    if (!socket) return socket.error();
    auto read = netlink::blocking_read_routes(*socket, *names, {}, limit, abandoned);
    if (!read) return read.error();
    return of_routes(std::move(*read));
}

result<shown> nat(const request& asked, const netlink::net_namespace& home, const netlink::net_namespace& target)
{
    boost::asio::io_context reactor(1);
    worker_pool pool;
    program_runner programs(reactor.get_executor(), pool);
    netlink::nat_options options;
    if (!asked.xtables_directory.empty()) options.directories = {asked.xtables_directory};
    options.timeout = asked.timeout;
    netlink::nat_reader reader(programs, pool, options);
    const auto family = asked.what == "nat6" ? netlink::ip_family::ipv6 : netlink::ip_family::ipv4;
    netlink::nat_target where(home, target, asked.process);
    result<netlink::nat_text> read = error(failure::internal, "not run");
    boost::asio::co_spawn(reactor, reader.read(std::move(where), family, deadline::in(std::chrono::minutes(1))),
                          [&](std::exception_ptr, result<netlink::nat_text> value) { read = std::move(value); });
    reactor.run();
    if (!read) return read.error();
    shown made{std::move(read->text), {}};
    if (read->truncated) made.note += "truncated\n";
    if (read->incomplete) made.note += "incomplete: " + read->incomplete->message() + '\n';
    return made;
}

result<shown> show(const request& asked)
{
    const auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    const auto target = netlink::net_namespace::of_process(asked.process->get());
    if (!target) return target.error();
    return asked.what.starts_with("nat") ? nat(asked, *home, *target) : routes(asked, *home, *target);
}

}  // namespace

int main(int count, char** arguments)
{
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.size() < 2) {
        std::fputs("usage: print_tables route|route6|nat|nat6 PID [ROOT [XTABLES_DIRECTORY [TIMEOUT_MS]]]\n", stderr);
        return 2;
    }
    request asked;
    asked.what = words[0];
    asked.process =
        std::make_shared<const unique_fd>(::open(("/proc/" + words[1]).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (words.size() > 2) asked.root = words[2];
    if (words.size() > 3) asked.xtables_directory = words[3];
    if (words.size() > 4) asked.timeout = std::chrono::milliseconds(std::stol(words[4]));

    const auto made = show(asked);
    if (!made) {
        std::fprintf(stderr, "%s\n", made.error().message().c_str());
        return 1;
    }
    std::fwrite(made->text.data(), 1, made->text.size(), stdout);
    std::fputs(made->note.c_str(), stderr);
    return 0;
}
