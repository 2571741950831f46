// Texts that describe a network: files of the kernel, and those of a container, who may write into them what it likes.
#include "collectors/network/counters/counters.hpp"
#include "collectors/network/path/rule_check.hpp"
#include "collectors/network/path/rule_text.hpp"
#include "collectors/network/resolver.hpp"
#include "collectors/network/runtime_words/cni_results.hpp"
#include "core/json/writer.hpp"
#include "netlink/decode/conntrack.hpp"
#include "netlink/decode/inet_socket.hpp"
#include "netlink/decode/proc_files.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace nodescope;

namespace {

/// Rules of strangers, and a packet that comes to them.
void check_rules(std::string_view text)
{
    paths::packet what;
    what.family = AF_INET;
    what.port = 80;
    for (const std::string_view hook : {"prerouting", "forward", "input"}) {
        paths::passing at(what, hook);
        at.input = "br0";
        for (const auto& tables : {paths::parse_iptables_save(text, "x"), paths::parse_nft_ruleset(text, AF_INET)}) {
            (void)paths::look_for_translation(tables, at);
            if (paths::look_at_hook(tables, at).quoted.size() > paths::quoted_limit) __builtin_trap();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    (void)netlink::count_unix_sockets(text);
    (void)netlink::parse_sysctl_numbers(text);
    (void)netlink::is_module_to_load(text, text, "udp_diag");
    (void)netlink::parse_socket_line(text, AF_INET);
    (void)netlink::parse_socket_line(text, AF_INET6);
    (void)netlink::parse_conntrack_file(text);
    check_rules(text);
    network_counters counters;
    counters.snmp = parse_counter_tables(text);
    counters.sockstat = parse_counter_lines(text);
    counters.snmp6 = parse_counter_list(text);
    std::string json;
    json_writer out(json);
    write_counters(out, counters);
    container_resolver resolver;
    resolver.configuration = parse_resolv_conf(text);
    resolver.hosts = parse_hosts(text);
    write_resolver(out, resolver);
    (void)parse_cni_result(text);
    return 0;
}
