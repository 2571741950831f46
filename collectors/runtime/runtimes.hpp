// The container runtimes of this node. A reference with a scheme goes to the runtime that it names, one without to the
// one that has the container.
#pragma once

#include "collectors/runtime/runtime.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope {

/// Reactor thread only. Outlives its calls.
class runtimes {
public:
    /// Runtimes are asked in the order in which they are added.
    template <class Runtime>
    Runtime& add(std::unique_ptr<Runtime> one)
    {
        Runtime& added = *one;
        all_.push_back(std::move(one));
        return added;
    }
    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
    [[nodiscard]] const std::vector<std::unique_ptr<runtime>>& all() const noexcept { return all_; }

    /// Those that are present, or all where there is none.
    [[nodiscard]] std::vector<runtime*> present() const;
    /// Of those, where a reference goes to: the runtime that its scheme names, without one all of them. Where the
    /// scheme is that of no runtime here, all are asked too.
    [[nodiscard]] std::vector<runtime*> meant_by(const container_reference& id) const;
    /// As those of a runtime, of all that are meant, at once. Several answers become one as gathered_answers says.
    /// failure::unavailable without any runtime.
    task<result<container>> inspect(container_reference id, deadline limit) const;
    task<result<container>> find_pod_container(std::string pod_namespace, std::string pod_name, std::string name,
                                               deadline limit) const;

private:
    std::vector<std::unique_ptr<runtime>> all_;
};

/// The answers of several runtimes to one question about a container, as one: the container that one of them has;
/// failure::conflict, naming both, where two have different ones. Where none has it, the failure of the first that
/// could not look, else failure::gone.
class gathered_answers {
public:
    void take(const runtime& of, const result<container>& said);
    /// Whether one has it.
    [[nodiscard]] bool has_one() const noexcept { return answer_.has_value(); }
    [[nodiscard]] result<container> answer() const { return answer_; }

private:
    bool any_ = false;
    bool conflict_ = false;
    std::string_view of_;  // the runtime whose answer it is
    result<container> answer_ = error(failure::unavailable, "no container runtime is configured");
};

}  // namespace nodescope
