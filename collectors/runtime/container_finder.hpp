// Which container a caller means, and which process is its first. The runtimes say what it is called; where they are
// away, slow or do not have it, the kernel finds it by its id. What was found and proved is remembered, and costs no
// question to a runtime until its name may have changed.
#pragma once

#include "collectors/runtime/by_cgroup.hpp"
#include "collectors/runtime/container.hpp"
#include "collectors/runtime/container_questions.hpp"
#include "collectors/runtime/container_reference.hpp"
#include "collectors/runtime/known_containers.hpp"
#include "collectors/runtime/pod_container_ids.hpp"
#include "collectors/runtime/runtimes.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace nodescope {

/// A container, and how it was found.
struct found_container {
    found_container() = default;
    container what;                        ///< by the kernel: id and pid, and "running"
    std::string resolved_by;               ///< the runtime that was asked, by_kernel or by_kubernetes
    std::optional<error> runtime_failure;  ///< why no runtime said it, or not lately
    std::uint64_t start_ticks = 0;         ///< when its process began; 0: not known
    bool by_its_cgroup = false;            ///< the kernel has found its process just now
    bool known = false;                    ///< it was found before: if the proof fails, forget it and find it again
    bool in_dispute = false;               ///< its runtime names another process: looked for each time
    /// A user who can have made its cgroup, as of a rootless engine: only its name says that it is this container, so
    /// it is looked for each time.
    std::optional<uid_t> in_subtree_of;
    /// What may still tell its name; see complete().
    std::vector<std::shared_ptr<const container_question>> open;
};
inline constexpr std::string_view by_kernel = "kernel";
/// The API server or the kubelet said the id, and the kernel the process.
inline constexpr std::string_view by_kubernetes = "kubernetes";

/// Reactor thread only. Outlives its calls.
class container_finder {
public:
    container_finder(const runtimes& asked, by_cgroup& kernel, task_group& group);
    /// Who is asked for a pod's containers where no runtime answers; outlives all calls.
    void use(pod_container_ids& ids) noexcept { pod_ids_ = &ids; }

    /// By id or name. A known container is taken as it was; its process must be proved (same start, same container).
    /// A runtime that does not answer within `patience` costs a reference that may be an id only the name; a name is
    /// waited for, and taken for what it was last heard to mean where the runtime fails, if the kernel has it still.
    /// Otherwise failures are the runtimes', and of the kernel's only that two containers fit.
    task<result<found_container>> find(container_reference id, deadline limit);
    /// Where no runtime answers within `patience_for_pod`, the API server or the kubelet is asked for the id.
    task<result<found_container>> find_pod_container(std::string pod_namespace, std::string pod_name, std::string name,
                                                     deadline limit);
    /// A container of which a runtime names a process that proved not to be its own, or that has no network any more
    /// (`why`): as it was said, with the process that the kernel finds. Nothing else but root's cgroups is believed,
    /// as the runtime has it. failure::gone, failure::conflict.
    task<result<found_container>> find_by_kernel(container said, error why, deadline limit);
    /// The container's process was proved to be its own and began then.
    void proved(const found_container& found, std::uint64_t start_ticks);
    /// Those that were proved and not forgotten since; each must be proved again (same start).
    [[nodiscard]] std::vector<known_container> proved_before() const { return known_.all(); }
    /// It was not.
    void forget(const found_container& found) { known_.forget_process(found.what.id); }
    /// Once all else is done: gives what was asked and not answered the rest of `patience_for_name`, so that the name
    /// is there, and says why if it is not.
    task<found_container> complete(found_container found);

    /// A name that is older is asked for again by the next who asks for the container, in time for what they are shown
    /// to be less than five seconds old.
    static constexpr std::chrono::seconds name_lifetime{4};
    /// How long a runtime is waited for before the kernel is asked for an id: it answers within 5 ms as a rule.
    static constexpr std::chrono::milliseconds patience{50};
    /// And for a pod, where somebody else can be asked: that one is further away.
    static constexpr std::chrono::seconds patience_for_pod{1};
    /// And for the name alone.
    static constexpr std::chrono::milliseconds patience_for_name{80};

private:
    using questions = std::vector<std::shared_ptr<const container_question>>;

    task<result<found_container>> find_word(std::string word, questions asked, std::optional<container_reference> id,
                                            deadline limit);
    task<result<found_container>> ask_kubernetes(std::string word, std::string id, questions asked, error why,
                                                 deadline limit);
    task<> wait_for(const questions& asked, deadline limit);
    task<result<found_container>> ask_kernel(container_reference id, questions asked, error why, deadline limit);
    [[nodiscard]] std::optional<found_container> known(std::string_view word, bool however_old);
    [[nodiscard]] bool may_mean(const container_reference& id, const found_container& one) const;
    [[nodiscard]] questions ask(const container_reference& id);
    void hear(const std::string& word, const container_question& one);

    const runtimes& runtimes_;
    by_cgroup& kernel_;
    known_containers known_;
    container_questions questions_;
    pod_container_ids* pod_ids_ = nullptr;
};

}  // namespace nodescope
