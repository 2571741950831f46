// The reads net_info makes of one network namespace, behind an interface so that tests can stall and fail them.
#pragma once

#include "collectors/host/proc/process_handle.hpp"
#include "core/deadline.hpp"
#include "core/process/program_runner.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "netlink/nat/nat.hpp"
#include "netlink/net_namespace.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace nodescope {

/// One part of an answer: its text, or why there is none, or neither where there is nothing to tell.
struct text_part {
    text_part() = default;
    explicit text_part(std::string t) : text(std::move(t)) {}
    explicit text_part(error e) : reason(std::move(e)) {}

    std::optional<std::string> text;
    std::optional<error> reason;
    std::string note;        ///< said beside a text that is there but incomplete ("cut after 10000 of …"); or empty
    bool truncated = false;  ///< a limit of ours stopped the read
    bool consistent = true;  ///< false: it changed while it was read, also in the last of several tries
};

struct netlink_texts {
    netlink_texts() = default;
    text_part addresses;  ///< `ip addr`
    text_part route;      ///< `route`
    text_part route6;     ///< `route -6`
};

struct nat_texts {
    nat_texts() = default;
    text_part nat;   ///< `iptables-save -t nat`; present and empty where there is no such table
    text_part nat6;  ///< `ip6tables-save -t nat`; neither text nor reason where there is no such table
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

private:
    static error unknown() { return {failure::internal, "nat: nobody has looked for tables"}; }
    static bool has_none(const result<netlink::nat_tables>& found) noexcept { return found && found->none(); }
};

/// Takes the parts from a worker thread as they are finished, so that a dump that hangs in the kernel costs the parts
/// behind it and not those before. Thread-safe.
class netlink_progress {
public:
    void put(text_part netlink_texts::*part, text_part value);
    /// What is there; the missing parts get `reason`.
    [[nodiscard]] netlink_texts take(const error& reason);

private:
    std::mutex mutex_;
    netlink_texts texts_;
};

class namespace_reader {
public:
    virtual ~namespace_reader() = default;

    /// Called once, in the job that opened the namespace: what is cheap to know there saves a trip to the pool later.
    /// Blocking: runs on a pool thread.
    virtual void blocking_look(opened_namespace& where, deadline limit) = 0;

    /// Links, addresses and routes, each put into `progress`. Blocking: runs on a pool thread.
    virtual void blocking_read_netlink(const opened_namespace& where, deadline limit, const abandon_flag& abandoned,
                                       netlink_progress& progress) = 0;

    /// The NAT tables. `where` is kept until the read has ended.
    virtual task<nat_texts> read_nat(std::shared_ptr<const opened_namespace> where, deadline limit) = 0;
};

struct namespace_reader_options {
    namespace_reader_options() = default;
    std::string root = "/";    ///< for names: /etc/hosts, /etc/networks, /etc/iproute2, /run/netns below it
    netlink::nat_options nat;  ///< where the xtables programs are, and their limits
};

/// Reads through the kernel: one netlink socket opened in the namespace, /proc/PID/net, and the iptables-save programs.
/// Call it on a thread in the service's own network namespace. `programs` outlives the reader.
result<std::unique_ptr<namespace_reader>> make_namespace_reader(program_runner& programs,
                                                                namespace_reader_options options);

}  // namespace nodescope
