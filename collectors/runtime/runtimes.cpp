#include "collectors/runtime/runtimes.hpp"

namespace nodescope {

namespace {

/// The answers of several runtimes to one question, as one.
class gathered {
public:
    /// Whether that settles it.
    bool take(result<container> answer)
    {
        // "I do not have it" gives way to "I cannot say", as the container may be there.
        if (answer || !asked_ || answer_.error().kind() == failure::gone) answer_ = std::move(answer);
        asked_ = true;
        return answer_.has_value();
    }
    result<container> answer() && { return std::move(answer_); }

private:
    bool asked_ = false;
    result<container> answer_ = error(failure::unavailable, "no container runtime is configured");
};

}  // namespace

std::vector<runtime*> runtimes::meant_by(const container_reference& id) const
{
    std::vector<runtime*> named;
    std::vector<runtime*> all;
    for (const auto& one : all_) {
        all.push_back(one.get());
        if (id.scheme() && one->answers_to(*id.scheme())) named.push_back(one.get());
    }
    return named.empty() ? all : named;
}

task<result<container>> runtimes::inspect(container_reference id, deadline limit) const
{
    gathered said;
    const std::vector<runtime*> asked = meant_by(id);
    for (runtime* const one : asked) {
        auto asking = one->inspect(id, limit);
        auto answer = co_await std::move(asking);
        if (said.take(std::move(answer))) break;
    }
    co_return std::move(said).answer();
}

task<result<container>> runtimes::find_pod_container(std::string pod_namespace, std::string pod_name, std::string name,
                                                     deadline limit) const
{
    gathered said;
    for (const auto& one : all_) {
        auto asking = one->find_pod_container(pod_namespace, pod_name, name, limit);
        auto answer = co_await std::move(asking);
        if (said.take(std::move(answer))) break;
    }
    co_return std::move(said).answer();
}

}  // namespace nodescope
