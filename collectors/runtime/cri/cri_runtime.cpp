#include "collectors/runtime/cri/cri_runtime.hpp"

#include "collectors/runtime/cri/cri_client.hpp"
#include "collectors/runtime/cri/docker_list.hpp"
#include "collectors/runtime/cri/names.hpp"
#include "collectors/runtime/cri/runtime_info.hpp"
#include "collectors/runtime/cri/verbose_info.hpp"
#include "collectors/runtime/kubelet_name.hpp"
#include "core/json/members.hpp"
#include "core/rfc3339.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::cri {

namespace {

/// Before the runtime has said its name.
constexpr std::string_view any_runtime = "cri";

std::string time_text(std::int64_t nanoseconds)
{
    if (nanoseconds <= 0) return {};
    const std::chrono::sys_time<std::chrono::nanoseconds> at{std::chrono::nanoseconds(nanoseconds)};
    return rfc3339(at);
}

/// What containerd's own list of containers has, and CRI does not.
constexpr std::string_view containerd_kind_label = "io.cri-containerd.kind";

/// Whose it is by what the kubelet has told the runtime; a pod's author may write the same labels.
void take_pod(const pod_identity& pod, std::string_view name, nodescope::container& to)
{
    if (pod.name.empty()) return;
    to.pod.name = pod.name;
    to.pod.name_space = pod.name_space;
    to.pod.uid = pod.uid;
    to.pod.container = name;
    to.labels.insert_or_assign(std::string(pod_name_label), pod.name);
    to.labels.insert_or_assign(std::string(pod_namespace_label), pod.name_space);
    to.labels.insert_or_assign(std::string(pod_uid_label), pod.uid);
    if (name.empty()) to.labels.erase(std::string(container_name_label));
    else to.labels.insert_or_assign(std::string(container_name_label), std::string(name));
}

void take_facts(verbose_facts facts, container& to)
{
    to.pid = facts.pid;
    to.storage_driver = std::move(facts.snapshotter);
    if (facts.root_path.starts_with('/')) to.root_mountpoint = std::move(facts.root_path);
    to.low_level_runtime = std::move(facts.low_level_runtime);
    to.cpu_shares = facts.cpu_shares;
    to.environment = std::move(facts.environment);
}

}  // namespace

class client_runtime final : public runtime_client {
public:
    client_runtime(boost::asio::any_io_executor executor, worker_pool& workers, endpoint_choice where,
                   steady_clock::duration timeout)
        : client_(std::move(executor), workers, std::move(where), timeout), list_(client_, workers)
    {
    }

    [[nodiscard]] std::string_view name() const noexcept override { return any_runtime; }
    [[nodiscard]] bool answers_to(reference_scheme scheme) const noexcept override
    {
        const auto& known = client_.known_version();
        const std::string_view called = known ? std::string_view(known->runtime_name) : std::string_view();
        switch (scheme) {
            case reference_scheme::docker: return called == "docker";
            case reference_scheme::containerd: return called.empty() || called == "containerd";
            case reference_scheme::cri_o: return called.empty() || called == "cri-o";
            case reference_scheme::podman: break;
        }
        return false;
    }
    /// One that was configured is asked for, so that its failure is seen.
    [[nodiscard]] bool is_there() const override
    {
        return client_.where().is_configured() || client_.where().is_usable();
    }

    task<result<nodescope::container>> inspect(container_reference wanted, deadline limit) override
    {
        if (is_full_id(wanted.text())) {
            auto found = co_await container_of(wanted.text(), limit);
            if (found || found.error().kind() != failure::gone) co_return absent_is_gone(std::move(found));
            found = co_await sandbox_of(wanted.text(), limit);
            if (found && found->pid == 0 && found->status == to_string(container_state::running)) {
                co_await find_network_guest(*found, limit);
            }
            co_return absent_is_gone(std::move(found));
        }
        const auto containers = co_await client_.containers(limit);
        if (!containers) co_return absent_is_gone(containers.error());
        const auto sandboxes = co_await client_.sandboxes(limit);
        if (!sandboxes) co_return absent_is_gone(sandboxes.error());
        const auto found = find_by_reference(wanted, **containers, **sandboxes);
        if (!found) co_return found.error();
        co_return co_await inspect_found(*found, limit);
    }

    task<result<nodescope::container>> find_pod_container(std::string pod_namespace, std::string pod_name,
                                                          std::string container, deadline limit) override
    {
        const auto sandboxes = co_await client_.sandboxes(limit);
        if (!sandboxes) co_return absent_is_gone(sandboxes.error());
        const auto containers = co_await client_.containers(limit);
        if (!containers) co_return absent_is_gone(containers.error());
        const auto found = find_in_pod(pod_namespace, pod_name, container, **containers, **sandboxes);
        if (!found) co_return found.error();
        auto inspected = co_await inspect_found(*found, limit);
        if (!found->is_sandbox || !container.empty() || !inspected || inspected->pid > 0) co_return inspected;
        // A sandbox may have no process of its own (CRI-O): any container of the pod is in the same network.
        const auto oldest = oldest_of(found->id, **containers);
        if (!oldest) co_return inspected;
        co_return co_await container_of(*oldest, limit);
    }

    [[nodiscard]] bool speaks_for(std::string_view called) const noexcept override
    {
        const auto& known = client_.known_version();
        return known && known->runtime_name == called && !answers_to(reference_scheme::docker);
    }

    /// Those of its sandbox. One without a process of its own has the number 0.
    task<result<network_words>> words_about(container_reference id, deadline limit) override
    {
        network_words words;
        std::string sandbox = id.text();
        const auto container = co_await client_.container(id.text(), limit);
        if (container) {
            verbose_facts facts = read_verbose_info(container->info);
            words.pid = facts.pid;
            words.tcp_ports = read_container_ports(container->annotations.of(std::string(ports_annotation)));
            sandbox = std::move(facts.sandbox_id);
            if (sandbox.empty()) co_return error(failure::unavailable, "cri: the runtime does not name the sandbox");
        } else if (container.error().kind() != failure::gone) {
            co_return container.error();
        }
        const auto pod = co_await client_.sandbox(sandbox, limit);
        if (!pod) co_return pod.error();
        if (pod->id != sandbox) co_return other_id(sandbox, pod->id);
        if (!container) words.pid = read_verbose_info(pod->info).pid;
        words.runtime = runtime_name();
        if (pod->host_network) co_return words;
        for (const std::string& one : pod->addresses) {
            given_address given;
            given.network = "pod";
            given.address = one;
            words.addresses.push_back(std::move(given));
        }
        co_return words;
    }

    task<result<runtime_facts>> facts(deadline limit) override
    {
        const auto version = co_await client_.version(limit);
        if (!version) co_return version.error();
        runtime_facts facts;
        facts.version = version->runtime_version;
        facts.api_version = version->api_version;
        co_return facts;
    }

    task<result<std::string>> storage_root(deadline limit) override
    {
        const auto status = co_await client_.status(limit);
        if (!status) co_return status.error();
        const auto config = status->info.find("config");
        if (config == status->info.end()) co_return std::string();
        std::string root = json_text_member(config->second, "containerdRootDir");
        if (!root.starts_with('/')) root.clear();
        co_return root;
    }

    task<result<std::shared_ptr<const docker_shaped_list>>> list_as_docker(deadline limit) override
    {
        return list_.collect(limit);
    }
    task<result<std::string>> info(deadline limit) override
    {
        const auto version = co_await client_.version(limit);
        if (!version) co_return version.error();
        const auto status = co_await client_.status(limit);
        if (!status) co_return status.error();
        co_return info_json(*version, *status, endpoint());
    }
    [[nodiscard]] bool is_docker() const override { return runtime_name() == "docker"; }
    [[nodiscard]] std::string endpoint() const override { return client_.where().text(); }

    void drop_idle() override { client_.drop_idle(); }
    [[nodiscard]] backend_statistics statistics() const noexcept override { return client_.statistics(); }

private:
    /// Where no CRI is served there are no containers of CRI.
    static result<nodescope::container> absent_is_gone(result<nodescope::container> found)
    {
        if (found || found.error().kind() != failure::disabled) return found;
        return error(failure::gone, found.error().message());
    }

    [[nodiscard]] std::string runtime_name() const
    {
        const auto& known = client_.known_version();
        return known && !known->runtime_name.empty() ? known->runtime_name : std::string(any_runtime);
    }

    [[nodiscard]] bool is_containerd() const { return runtime_name() == "containerd"; }

    task<result<nodescope::container>> inspect_found(const found_id& found, deadline limit)
    {
        if (found.is_sandbox) return sandbox_of(found.id, limit);
        return container_of(found.id, limit);
    }

    static std::optional<std::string> oldest_of(const std::string& sandbox, const std::vector<listed_container>& all)
    {
        const listed_container* oldest = nullptr;
        for (const listed_container& one : all) {
            if (one.sandbox_id != sandbox || one.state != container_state::running) continue;
            if (oldest == nullptr || one.created_at < oldest->created_at) oldest = &one;
        }
        if (oldest == nullptr) return std::nullopt;
        return oldest->id;
    }

    task<result<nodescope::container>> container_of(std::string id, deadline limit)
    {
        auto status = co_await client_.container(id, limit);
        if (!status) co_return status.error();
        if (status->id != id) co_return other_id(id, status->id);
        verbose_facts facts = read_verbose_info(status->info);
        pod_identity pod = pod_of(status->labels);
        if (pod.name.empty() && !facts.sandbox_id.empty()) {
            const auto sandbox = co_await client_.sandbox(facts.sandbox_id, limit);
            if (sandbox) pod = sandbox->pod;
        }
        nodescope::container one;
        one.runtime = runtime_name();
        one.name = name_of(*status, pod);
        one.status = to_string(status->state);
        one.created = time_text(status->created_at);
        one.started_at = time_text(status->started_at);
        if (status->finished_at > 0) one.finished_at = time_text(status->finished_at);
        one.exit_code = status->exit_code;
        one.killed_for_memory = status->reason == "OOMKilled";
        one.log_file = std::move(status->log_path);
        one.restart_count = status->attempt;
        one.image = std::move(status->image_name);
        one.labels = std::move(status->labels.map);
        take_pod(pod, status->name, one);
        if (is_containerd()) one.labels.insert_or_assign(std::string(containerd_kind_label), "container");
        one.shares_network = true;
        one.id = std::move(status->id);
        take_facts(std::move(facts), one);
        co_return one;
    }

    task<result<nodescope::container>> sandbox_of(std::string id, deadline limit)
    {
        auto status = co_await client_.sandbox(id, limit);
        if (!status) co_return status.error();
        if (status->id != id) co_return other_id(id, status->id);
        verbose_facts facts = read_verbose_info(status->info);
        nodescope::container one;
        one.runtime = runtime_name();
        one.name = name_of(*status);
        one.status = to_string(status->state);
        one.created = time_text(status->created_at);
        one.started_at = one.created;
        one.image = std::move(facts.image);
        one.host_network = status->host_network;
        one.exit_code = -1;
        one.labels = std::move(status->labels.map);
        take_pod(status->pod, is_containerd() ? std::string_view() : sandbox_name, one);
        one.pod.is_sandbox = true;
        if (is_containerd()) one.labels.insert_or_assign(std::string(containerd_kind_label), "sandbox");
        one.id = std::move(status->id);
        take_facts(std::move(facts), one);
        co_return one;
    }

    /// A sandbox may have no process of its own (CRI-O): any container of the pod is in the same network.
    task<> find_network_guest(nodescope::container& sandbox, deadline limit)
    {
        const auto containers = co_await client_.containers(limit);
        if (!containers) co_return;
        const auto oldest = oldest_of(sandbox.id, **containers);
        if (!oldest) co_return;
        const auto guest = co_await container_of(*oldest, limit);
        if (!guest) co_return;
        sandbox.network_pid = guest->pid;
        sandbox.network_guest = guest->id;
    }

    static error other_id(const std::string& wanted, const std::string& answered)
    {
        return error(failure::malformed, fmt::format("cri: the runtime answered for container {} when asked for {}",
                                                     escape_untrusted(answered, 64), wanted));
    }

    client client_;
    docker_list list_;
};

result<std::unique_ptr<runtime_client>> make_runtime(boost::asio::any_io_executor executor, worker_pool& workers,
                                                     const runtime_options& options)
{
    if (options.endpoint.empty()) {
        return std::make_unique<client_runtime>(std::move(executor), workers,
                                                endpoint_choice(usual_sockets(options.root)), options.timeout);
    }
    auto path = parse_endpoint(options.endpoint);
    if (!path) return path.error();
    return std::make_unique<client_runtime>(std::move(executor), workers, endpoint_choice(*path), options.timeout);
}

}  // namespace nodescope::cri
