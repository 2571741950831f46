// The container runtimes of this node. A reference with a scheme goes to the runtime that it names, one without to the
// one that has the container.
#pragma once

#include "collectors/runtime/runtime.hpp"

#include <memory>
#include <string>
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
    /// The one that is shown where an answer has room for one; null without any.
    [[nodiscard]] runtime* first() const noexcept { return all_.empty() ? nullptr : all_.front().get(); }
    [[nodiscard]] const std::vector<std::unique_ptr<runtime>>& all() const noexcept { return all_; }

    /// As runtime's. A scheme that no runtime answers to is no reason to ask nobody. Where none has the container, what
    /// the first says that could not look, else failure::gone; without any runtime failure::unavailable.
    task<result<container>> inspect(container_reference id, deadline limit) const;
    task<result<container>> find_pod_container(std::string pod_namespace, std::string pod_name, std::string name,
                                               deadline limit) const;

private:
    [[nodiscard]] std::vector<runtime*> meant_by(const container_reference& id) const;

    std::vector<std::unique_ptr<runtime>> all_;
};

}  // namespace nodescope
