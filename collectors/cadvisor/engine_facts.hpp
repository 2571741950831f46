// What a runtime says of itself, remembered: cAdvisor's clients ask for it often, and a runtime that hangs must cost
// them next to nothing.
#pragma once

#include "collectors/runtime/runtime.hpp"
#include "core/deadline.hpp"
#include "core/task.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace nodescope::cadvisor {

struct engine_versions {
    bool operator==(const engine_versions&) const = default;
    std::string engine = "Unknown";
    std::string api = "Unknown";
};

/// Reactor thread only. Outlives its calls.
class engine_facts {
public:
    /// Of this one; without it (null) nothing is known.
    explicit engine_facts(runtime* of) : runtime_(of) {}

    /// "Unknown" when the daemon does not answer. Waits `patience` at most; an answer is good for `lifetime`, and after
    /// a failure the daemon is left alone for `retry_after`.
    task<engine_versions> versions(deadline limit);

    /// Where the daemon keeps its images: as it said last, otherwise where it keeps them by default. Waits as above.
    task<std::string> data_root(deadline limit);
    /// The same; nothing while it has never said.
    task<std::optional<std::string>> said_data_root(deadline limit);

    static constexpr std::chrono::milliseconds patience{1'000};
    /// A daemon that is replaced shows its new version within this.
    static constexpr std::chrono::seconds lifetime{60};
    static constexpr std::chrono::seconds retry_after{5};

private:
    runtime* runtime_;
    engine_versions versions_;
    steady_clock::time_point versions_until_{};
    std::optional<std::string> data_root_;
    steady_clock::time_point data_root_until_{};
};

}  // namespace nodescope::cadvisor
