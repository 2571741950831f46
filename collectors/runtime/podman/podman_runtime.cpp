#include "collectors/runtime/podman/podman_runtime.hpp"

#include "core/environment.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope::podman {

namespace {

/// Whose jobs they are.
constexpr std::string_view files_of_podman = "podman's files";

/// The service could not be asked, so that the files may say more.
bool is_silence(failure kind) noexcept
{
    return kind == failure::unavailable || kind == failure::denied || kind == failure::timed_out ||
           kind == failure::failed;
}

class two_ways final : public runtime_client {
public:
    two_ways(std::unique_ptr<docker::client> service, storage_places files, worker_pool& workers,
             steady_clock::duration timeout)
        : service_(std::move(service)), files_(std::move(files)), workers_(workers), timeout_(timeout)
    {
    }

    [[nodiscard]] std::string_view name() const noexcept override { return runtime_name; }
    [[nodiscard]] bool answers_to(reference_scheme scheme) const noexcept override
    {
        return scheme == reference_scheme::podman;
    }
    [[nodiscard]] bool is_there() const override { return service_->is_there() || has_run(files_); }
    [[nodiscard]] docker::client& service() override { return *service_; }

    task<result<container>> inspect(container_reference asked, deadline limit) override
    {
        if (only_files()) co_return co_await by_files(std::move(asked), limit);
        auto said = co_await service_->inspect(asked, limit);
        if (said || !is_silence(said.error().kind())) co_return said;
        auto kept = co_await by_files(std::move(asked), limit);
        if (kept) co_return kept;
        co_return said;
    }

    task<result<container>> find_pod_container(std::string pod_namespace, std::string pod_name, std::string name,
                                               deadline limit) override
    {
        if (only_files()) {
            co_return error(failure::gone, "podman: pods of Kubernetes are not looked for in its files");
        }
        co_return co_await service_->find_pod_container(std::move(pod_namespace), std::move(pod_name), std::move(name),
                                                        limit);
    }

    task<result<names_by_id>> current_names(deadline limit) override
    {
        if (!only_files()) co_return co_await service_->current_names(limit);
        const auto table = co_await stored(deadline::sooner(limit, deadline::in(timeout_)));
        if (!table) co_return table.error();
        names_by_id names;
        for (const stored_container& one : (*table)->all) names.emplace(one.id, one.name);
        co_return names;
    }

    task<result<docker::shared_body>> list_containers(deadline limit) override
    {
        if (!only_files()) co_return co_await service_->list_containers(limit);
        const deadline own = deadline::sooner(limit, deadline::in(timeout_));
        const auto table = co_await stored(own);
        if (!table) co_return table.error();
        auto work = [where = files_, all = *table, own](const abandon_flag& abandoned) {
            return blocking_list_as_docker(where, *all, own, abandoned);
        };
        auto list = co_await workers_.run(files_of_podman, own, std::move(work));
        if (!list) co_return list.error();
        co_return std::make_shared<const docker::engine_body>(std::move(*list));
    }

    task<result<runtime_facts>> facts(deadline limit) override { return service_->facts(limit); }

    task<result<std::string>> storage_root(deadline limit) override
    {
        auto said = co_await service_->storage_root(limit);
        if (said && !said->empty()) co_return said;
        co_return files_.graph_root;
    }

    void drop_idle() override { service_->drop_idle(); }
    [[nodiscard]] backend_statistics statistics() const noexcept override { return service_->statistics(); }

private:
    /// Where there is neither, the service's client says so.
    [[nodiscard]] bool only_files() const { return !service_->is_there() && has_run(files_); }

    /// Read again only where it has changed.
    task<result<shared_table>> stored(deadline limit)
    {
        auto work = [where = files_, before = table_](const abandon_flag&) {
            return blocking_read_stored(where, before);
        };
        auto table = co_await workers_.run(files_of_podman, limit, std::move(work));
        if (table) table_ = *table;
        co_return table;
    }

    task<result<container>> by_files(container_reference asked, deadline limit)
    {
        const deadline own = deadline::sooner(limit, deadline::in(timeout_));
        const auto table = co_await stored(own);
        if (!table) co_return table.error();
        const auto found = find_stored((*table)->all, asked);
        if (!found) co_return found.error();
        auto work = [where = files_, one = *found](const abandon_flag&) {
            return result<container>(blocking_describe(where, one).one);
        };
        auto described = co_await workers_.run(files_of_podman, own, std::move(work));
        if (described) described->runtime = runtime_name;
        co_return described;
    }

    std::unique_ptr<docker::client> service_;
    const storage_places files_;
    worker_pool& workers_;
    const steady_clock::duration timeout_;
    shared_table table_;
};

}  // namespace

std::vector<std::string> usual_sockets(const std::string& root)
{
    constexpr std::string_view of_root = "/run/podman/podman.sock";
    std::vector<std::string> usual{root == "/" ? std::string(of_root) : fmt::format("{}{}", root, of_root)};
    if (const std::string own = environment_variable("XDG_RUNTIME_DIR"); own.starts_with('/')) {
        usual.push_back(own + "/podman/podman.sock");
    }
    return usual;
}

result<std::unique_ptr<runtime_client>> make_runtime(boost::asio::any_io_executor executor, worker_pool& workers,
                                                     runtime_options options, logger& log)
{
    options.service.expected = docker::engine_kind::podman;
    auto service = docker::make_client(std::move(executor), workers, std::move(options.service), log);
    if (!service) return service.error();
    return std::unique_ptr<runtime_client>(
        std::make_unique<two_ways>(std::move(*service), std::move(options.files), workers, options.timeout));
}

}  // namespace nodescope::podman
