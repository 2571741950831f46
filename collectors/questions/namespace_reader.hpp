// The reads net_info makes of one network namespace, behind an interface so that tests can stall and fail them.
#pragma once

#include "collectors/host/proc/process_handle.hpp"
#include "core/deadline.hpp"
#include "core/process/program_runner.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/reading.hpp"
#include "netlink/nat/nat.hpp"
#include "netlink/net_namespace.hpp"

#include <memory>
#include <optional>
#include <string>

namespace nodescope {

/// The NAT tables as iptables-save writes them.
struct nat_reading {
    nat_reading() = default;
    result<netlink::nat_text> ipv4 = netlink::nat_text();  ///< empty where there is no such table
    std::optional<result<netlink::nat_text>> ipv6;         ///< none where there is no such table
};

/// A namespace and the process it was reached through. Closed with the last read that uses it: a descriptor held
/// longer would keep a dead container's network alive.
struct opened_namespace {
    opened_namespace(host::process_handle p, netlink::net_namespace s) : process(std::move(p)), space(std::move(s)) {}
    host::process_handle process;
    netlink::net_namespace space;
    /// What blocking_look() found.
    netlink::nat_findings nat{unknown(), unknown()};
    /// That there is no NAT table of either family, which is so in most namespaces.
    [[nodiscard]] bool has_no_nat() const noexcept { return has_none(nat.ipv4) && has_none(nat.ipv6); }
    static bool has_none(const result<netlink::nat_tables>& found) noexcept { return found && found->none(); }

private:
    static error unknown() { return {failure::internal, "nat: nobody has looked for tables"}; }
};

/// Takes what was read from a worker thread, each part as it is finished, so that a dump that hangs in the kernel costs
/// the parts behind it and not those before.
class network_sink {
public:
    virtual ~network_sink() = default;
    virtual void put(const result<netlink::links_and_addresses>& read) = 0;
    virtual void put(const result<netlink::routes>& read) = 0;
    virtual void put(const result<netlink::ipv6_routes>& read) = 0;
};

class namespace_reader {
public:
    virtual ~namespace_reader() = default;

    /// Called once, in the job that opened the namespace: what is cheap to know there saves a trip to the pool later.
    /// Blocking: runs on a pool thread.
    virtual void blocking_look(opened_namespace& where, deadline limit) = 0;

    /// Links, addresses and routes, each put into `sink`. Blocking: runs on a pool thread.
    virtual void blocking_read_netlink(const opened_namespace& where, deadline limit, const abandon_flag& abandoned,
                                       network_sink& sink) = 0;

    /// The NAT tables. `where` is kept until the read has ended.
    virtual task<nat_reading> read_nat(std::shared_ptr<const opened_namespace> where, deadline limit) = 0;
};

struct namespace_reader_options {
    namespace_reader_options() = default;
    std::string root = "/";    ///< for names of namespaces: /run/netns below it
    netlink::nat_options nat;  ///< where the xtables programs are, and their limits
};

/// Reads through the kernel: one netlink socket opened in the namespace, /proc/PID/net, and the iptables-save programs.
/// Call it on a thread in the service's own network namespace. `programs` outlives the reader.
result<std::unique_ptr<namespace_reader>> make_namespace_reader(program_runner& programs,
                                                                namespace_reader_options options);

}  // namespace nodescope
