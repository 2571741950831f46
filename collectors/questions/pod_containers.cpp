#include "collectors/questions/pod_containers.hpp"

#include "collectors/kubernetes/pod_json.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope {

task<result<std::string>> kubernetes_container_ids::container_of_pod(std::string pod_namespace, std::string pod_name,
                                                                     std::string name, deadline limit)
{
    const auto which = kubernetes::pod_reference::parse(pod_namespace, pod_name);
    if (!which) co_return which.error();
    const auto pod = co_await pods_.pod(*which, limit);
    if (!pod) co_return pod.error();
    const auto running = kubernetes::read_running_containers(*pod);
    if (!running) co_return running.error();
    for (const kubernetes::running_container& one : *running) {
        if (name.empty() || one.name == name) co_return one.id;
    }
    co_return error(failure::gone,
                    fmt::format("kubernetes: pod {}/{} has no running container{} on this node", pod_namespace,
                                pod_name, name.empty() ? "" : " named " + escape_untrusted(name, 80)));
}

}  // namespace nodescope
