#include "server/cli/whose.hpp"

#include "server/cli/answers.hpp"

#include <algorithm>

namespace nodescope::cli {

std::vector<command_argument> whose::arguments()
{
    return {
        {"reference", &reference, "a container: name, id, or at least 12 digits of it", false, {}},
        {"--pod", &pod, "a pod, as NAMESPACE/NAME; the reference is then the name of its container", false, {}},
        {"--pid", &pid, "a process", false, {}},
        {"--node", &node, "the node itself", false, {}},
    };
}

result<void> whose::check() const
{
    const int said =
        static_cast<int>(!pod.empty() || !reference.empty()) + static_cast<int>(!pid.empty()) + static_cast<int>(node);
    if (said == 1) return {};
    return error(failure::invalid, said == 0 ? "say whose network: a container, --pod, --pid or --node"
                                             : "a container, --pod, --pid or --node: one of them");
}

std::string whose::query() const
{
    if (node) return "node";
    if (!pid.empty()) return "pid=" + query_value(pid);
    std::string out;
    if (!pod.empty()) out = "pod=" + query_value(pod);
    if (reference.empty()) return out;
    return out + (out.empty() ? "" : "&") + "container=" + query_value(reference);
}

}  // namespace nodescope::cli
