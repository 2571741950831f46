// What is asked of a container runtime. Each runtime is a folder beside this file that implements it.
#pragma once

#include "collectors/runtime/container.hpp"
#include "collectors/runtime/container_reference.hpp"
#include "core/backend_statistics.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace nodescope {

/// What a runtime says of itself; empty where it says nothing.
struct runtime_facts {
    runtime_facts() = default;
    std::string version;
    std::string api_version;
};

/// What containers are called, by their full ids.
using names_by_id = std::map<std::string, std::string>;

/// Reactor thread only. Outlives its calls. Every call ends at its deadline with failure::timed_out, and with
/// failure::unavailable or failure::denied when the runtime cannot be reached.
class runtime {
public:
    virtual ~runtime() = default;

    /// As it stands in answers and metrics: "docker".
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    /// Whether a reference with this scheme means one of its containers.
    [[nodiscard]] virtual bool answers_to(reference_scheme scheme) const noexcept = 0;

    /// False where there is nothing to connect to, and nobody said that there must be: another runtime is asked then,
    /// and this one only where there is no other.
    [[nodiscard]] virtual bool is_there() const { return true; }
    /// The same, looked up again only where that was presence_age ago: a list that many ask for costs no look at each
    /// socket of the node.
    [[nodiscard]] bool present() const
    {
        const auto now = steady_clock::now();
        if (now >= present_until_) {
            present_ = is_there();
            present_until_ = now + presence_age;
        }
        return present_;
    }

    /// The container, proved to be the one asked for. failure::gone when there is none, failure::conflict when the
    /// reference does not say which.
    virtual task<result<container>> inspect(container_reference id, deadline limit) = 0;
    /// The running container of a pod; without `name` the pod's only one, or the one that holds its network.
    /// failure::gone, failure::conflict.
    virtual task<result<container>> find_pod_container(std::string pod_namespace, std::string pod_name,
                                                       std::string name, deadline limit) = 0;
    /// What its running containers are called now. None where a container keeps its name for as long as it is there.
    virtual task<result<names_by_id>> current_names(deadline) { co_return names_by_id(); }
    virtual task<result<runtime_facts>> facts(deadline limit) = 0;
    /// The absolute path below which it keeps images and what containers write; empty when it does not say.
    virtual task<result<std::string>> storage_root(deadline limit) = 0;

    /// Closes the idle connections and the timers that watch them, so that the reactor can run dry at shutdown.
    virtual void drop_idle() = 0;
    /// Calls that were made; those that were shared or not made at all do not count.
    [[nodiscard]] virtual backend_statistics statistics() const noexcept { return {}; }

private:
    /// One that was started is asked this much later at the latest.
    static constexpr std::chrono::milliseconds presence_age{100};
    mutable bool present_ = false;
    mutable steady_clock::time_point present_until_{};
};

}  // namespace nodescope
