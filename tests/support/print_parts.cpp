// Prints parts of the network of a process as one JSON object: `print_parts PID PART...`, with notes as the service
// gives them. For tests that compare it with the real tools.
#include "collectors/network/counters/counters.hpp"
#include "collectors/network/resolver.hpp"
#include "collectors/network/socket_holders.hpp"
#include "core/json/writer.hpp"
#include "netlink/json/conntrack.hpp"
#include "netlink/json/packet_filters.hpp"
#include "netlink/json/settings.hpp"
#include "netlink/json/sockets.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/conntrack.hpp"
#include "netlink/read/inet_sockets.hpp"
#include "netlink/read/network_settings.hpp"
#include "netlink/read/packet_filters.hpp"

#include <fmt/format.h>

#include <fcntl.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace nodescope;

struct opened {
    netlink::net_namespace home;
    netlink::net_namespace target;
    int process;
    deadline limit;
    const abandon_flag& abandoned;
    json_writer& out;
    std::map<std::string, std::string>& notes;
    std::map<std::string, std::string>& errors;
};

/// Writes what was read under `name`, or why it was not.
template <class Read, class Write>
void show(const opened& where, const std::string& name, const Read& read, const Write& write)
{
    if (!read) {
        where.errors[name] = read.error().message();
        return;
    }
    where.out.key(name);
    write(where.out, *read);
    if (!read->note.empty()) where.notes[name] = read->note;
}

using part = std::function<void(const opened&, const std::string&)>;

const std::map<std::string, part>& parts()
{
    static const std::map<std::string, part> all{
        {"conntrack",
         [](const opened& in, const std::string& name) {
             show(in, name, netlink::blocking_read_conntrack(in.home, in.target, in.process, in.limit, in.abandoned),
                  netlink::write_conntrack);
         }},
        {"counters",
         [](const opened& in, const std::string& name) {
             show(in, name, blocking_read_counters(in.process, in.limit, in.abandoned), write_counters);
         }},
        {"netfilter",
         [](const opened& in, const std::string& name) {
             show(in, name, netlink::blocking_read_filters(in.home, in.target, in.process, {}, in.limit, in.abandoned),
                  netlink::write_filters);
         }},
        {"resolver",
         [](const opened& in, const std::string& name) {
             show(in, name, blocking_read_resolver(in.process, in.limit, in.abandoned), write_resolver);
         }},
        {"sockets",
         [](const opened& in, const std::string& name) {
             auto read = netlink::blocking_read_sockets(in.home, in.target, in.process, {}, in.limit, in.abandoned);
             if (read) blocking_find_holders(holder_search(in.target.identity()), *read, in.limit, in.abandoned);
             show(in, name, read, netlink::write_sockets);
         }},
        {"sockets_by_files",
         [](const opened& in, const std::string& name) {
             netlink::sockets_options how;
             how.by_files = true;
             show(in, name, netlink::blocking_read_sockets(in.home, in.target, in.process, how, in.limit, in.abandoned),
                  netlink::write_sockets);
         }},
        {"sockets_all",
         [](const opened& in, const std::string& name) {
             show(in, name, netlink::blocking_read_all_sockets(in.home, in.target, {}, in.limit, in.abandoned),
                  netlink::write_all_sockets);
         }},
        {"sysctl",
         [](const opened& in, const std::string& name) {
             show(in, name, netlink::blocking_read_settings(in.home, in.target, {}, in.limit, in.abandoned),
                  netlink::write_settings);
         }},
    };
    return all;
}

void write_texts(json_writer& out, std::string_view name, const std::map<std::string, std::string>& texts)
{
    out.object_member(name, [&] {
        for (const auto& [key, text] : texts) out.map_key(key), out.value(text);
    });
}

}  // namespace

int main(int count, char** arguments)
{
    if (count < 3) {
        std::fputs("usage: print_parts PID PART...\n", stderr);
        return 2;
    }
    const unique_fd process(::open(fmt::format("/proc/{}", arguments[1]).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto home = netlink::net_namespace::of_this_thread();
    const auto target = netlink::net_namespace::of_process(process.get());
    if (!home || !target) {
        std::fputs("cannot open the namespace\n", stderr);
        return 1;
    }
    std::string text;
    json_writer out(text);
    std::map<std::string, std::string> notes;
    std::map<std::string, std::string> errors;
    const abandon_flag never;
    const opened where{*home, *target, process.get(), deadline::in(std::chrono::seconds(30)),
                       never, out,     notes,         errors};
    out.object([&] {
        for (int i = 2; i < count; ++i) {
            const auto known = parts().find(arguments[i]);
            if (known != parts().end()) known->second(where, known->first);
            else errors[arguments[i]] = "no such part";
        }
        write_texts(out, "notes", notes);
        write_texts(out, "errors", errors);
    });
    text += '\n';
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
}
