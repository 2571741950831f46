// Runs helper programs for coroutines: spawned on the worker pool, read and reaped on the reactor without blocking it,
// bounded in time, output and number.
#pragma once

#include "core/deadline.hpp"
#include "core/process/child_process.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace nodescope {

/// What is kept of each stream; beyond it the program is killed.
struct output_limits {
    std::size_t output = 1024UL * 1024UL;
    std::size_t errors = 4UL * 1024UL;
};

struct program_output {
    std::string text;        ///< standard output
    std::string errors;      ///< standard error
    bool truncated = false;  ///< `text` reached its limit and the program was killed
    process_end end;
};

/// Calls its argument, which spawns the child, in the namespaces the child is to live in (netlink's run_in). Runs on
/// a pool thread and may outlive the caller: it owns what it needs.
using spawn_place = std::function<result<child_process>(const std::function<result<child_process>()>& spawn)>;

/// Reactor thread only.
class program_runner {
public:
    program_runner(boost::asio::any_io_executor executor, worker_pool& pool);

    /// Runs `what` to its end, after which all that it started in its process group is dead. `label` opens each message
    /// ("nat: iptables-nft-save").
    /// - failure::unavailable, failure::denied: it is missing, or check_program refuses it;
    /// - failure::timed_out "<label>: not finished within 5s", failure::cancelled when the caller goes away: its group
    ///   is killed at once, the child is reaped in the background;
    /// - failure::too_large: it wrote more to standard error than the limit, and was killed;
    /// - failure::overloaded: `stuck_limit` killed programs have not ended (they hang in the kernel);
    /// - failure::timed_out "<label>: helper programs: all 2 places busy for 5s": others took so long.
    /// The caller judges how it ended: a non-zero status is a value here.
    task<result<program_output>> run(std::string label, program what, output_limits limits, spawn_place place,
                                     deadline limit);

    /// Programs that were killed more than `stuck_after` ago and still exist.
    [[nodiscard]] std::size_t stuck() const noexcept;
    /// All that exist: running, and killed but not yet reaped.
    [[nodiscard]] std::size_t alive() const noexcept;

    /// When so many hang in the kernel the node is sick, and they hold all places.
    static constexpr std::size_t stuck_limit = 2;
    static constexpr std::chrono::seconds stuck_after{1};
    /// At most this many exist at once, stuck ones included. One network has IPv4 and IPv6 rules, which are read side
    /// by side; each more would take its process_limits from the memory that the service has.
    static constexpr std::size_t places = 2;

private:
    struct running_program;
    struct ledger {
        std::size_t alive = 0;
        std::size_t stuck = 0;
    };

    boost::asio::any_io_executor executor_;
    worker_pool& pool_;
    slot_pool slots_;
    // Shared with programs, which may outlive the runner and its callers.
    std::shared_ptr<ledger> ledger_;
};

}  // namespace nodescope
