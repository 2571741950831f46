// Figures that applications in containers publish themselves, as cAdvisor's application metrics: asked for while
// somebody asks us, each container by itself, from inside its own network and on its loopback alone, so that a
// container reaches nothing through us that it does not reach itself. Reactor thread only.
#pragma once

#include "collectors/application/container_application.hpp"
#include "collectors/application/figures.hpp"
#include "collectors/runtime/container.hpp"
#include "core/backend_statistics.hpp"
#include "core/byte_budget.hpp"
#include "core/deadline.hpp"
#include "core/event.hpp"
#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace nodescope::applications {

class application_metrics {
public:
    /// What is referred to outlives this. failure::denied without a look at our own network namespace.
    static result<std::unique_ptr<application_metrics>> make(boost::asio::any_io_executor executor, task_group& group,
                                                             logger& log, std::string root);
    application_metrics(const application_metrics&) = delete;
    application_metrics& operator=(const application_metrics&) = delete;

    /// Somebody asks about this container: it is asked in the background, unless that was done within its pause. One
    /// that has no label of a collector costs nothing.
    void want(const container& of);
    /// Waits until those that were wanted for the first time have answered, but never long: `patience`.
    task<> settle(deadline limit);
    /// What it said last; null: nothing, or not for `shown_for`.
    [[nodiscard]] std::shared_ptr<const figures> look(const std::string& id) const;

    /// Whether a thread hangs in a file of a container: the destructor would wait for it (worker_pool::busy).
    [[nodiscard]] bool busy() const noexcept { return pool_.busy() > 0; }
    /// Collectors that were asked.
    [[nodiscard]] const backend_statistics& statistics() const noexcept { return statistics_; }
    /// Answers of containers for whose figures there was no room.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return bytes_.left_out(); }

    /// One collector, from the connection to the last byte.
    static constexpr std::chrono::seconds answer_limit{1};
    /// An answer without these figures is better than a late one.
    static constexpr std::chrono::seconds patience{1};
    /// cAdvisor's shortest. After a failure it doubles, up to the longest.
    static constexpr std::chrono::seconds first_pause{1};
    static constexpr std::chrono::seconds longest_pause{60};
    static constexpr std::chrono::minutes shown_for{2};
    /// Of one answer.
    static constexpr std::size_t answer_bytes = 1U << 20U;
    /// Of what all containers have said: some hundred applications.
    static constexpr std::size_t figures_limit_bytes = 4U << 20U;
    /// Containers that are asked at the same time, each of which may hold an answer.
    static constexpr std::size_t at_once = 2;
    /// Containers that are known at all.
    static constexpr std::size_t container_limit = 512;

private:
    struct known {
        std::shared_ptr<const figures> shown;
        std::size_t bytes = 0;
        steady_clock::time_point answered{};
        steady_clock::time_point due{};
        steady_clock::time_point wanted{};
        steady_clock::duration pause{};
        bool asking = false;
        bool fresh = true;  // nobody has waited for it yet
    };

    application_metrics(boost::asio::any_io_executor executor, task_group& group, logger& log, std::string root,
                        netlink::net_namespace home);
    task<> ask_in_background(container of);
    task<std::optional<figures>> ask(const container& of);
    task<result<figures>> ask_collector(prepared_collector one);
    void learn(const std::string& id, std::optional<figures> said);
    void tell(const container& of, const error& why);
    void forget_old();

    boost::asio::any_io_executor executor_;
    task_group& group_;
    logger& log_;
    const std::string root_;
    const netlink::net_namespace home_;
    worker_pool pool_{2};  // of its own: a container's files can hang
    slot_pool slots_;
    std::map<std::string, known> entries_;
    byte_budget bytes_{figures_limit_bytes};
    nodescope::event changed_;
    std::set<failure> told_;
    backend_statistics statistics_;
};

}  // namespace nodescope::applications
