#include "server/api/processors/processors.hpp"

#include "collectors/host/disk/mountinfo.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "core/json/reader.hpp"
#include "core/json/writer.hpp"
#include "core/shared_calls.hpp"
#include "core/text.hpp"
#include "server/api/failure_status.hpp"
#include "server/api/processors/net_info_reply.hpp"
#include "server/api/processors/network_diagnosis.hpp"
#include "server/api/processors/parameters.hpp"
#include "server/api/processors/reply_object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::api {

namespace {

/// Which agents ask: the path tells.
enum class generation { first, second };

/// Room left in an answer for what says that a list was cut.
constexpr std::size_t list_note_reserve_bytes = 128;

using shared_text = std::shared_ptr<const std::string>;

/// Answers with lists, put together once for all who ask at the same time: each text has megabytes, and what is not
/// sent yet is charged to nobody.
class list_answers {
public:
    template <class Begin>
    task<result<shared_text>> join(std::string what, deadline limit, Begin begin)
    {
        // As long as its first asker waits: then the client below knows who was late, and says so.
        next_limit_ = limit.remaining();
        co_return co_await calls_.join(std::move(what), limit, std::move(begin));
    }

private:
    steady_clock::duration next_limit_{};
    shared_calls<shared_text> calls_{[this] { return next_limit_; }};
};

struct processor_context {
    processor_context(const processor_backends& b, const processor_options& o) : backends(b), options(o) {}
    processor_backends backends;
    processor_options options;
    std::shared_ptr<list_answers> lists = std::make_shared<list_answers>();
};

/// What every processor does first: reads the body, refuses one that is meant for another node.
result<parameters> read_parameters(const processor_context& context, const http::request& asked)
{
    auto given = parameters::parse(asked.body,
                                   {"id", "pid", "node", "pod.namespace", "pod.name", "container", node_nat_parameter});
    if (!given) return given;
    const std::string_view node = given->get("node");
    if (!node.empty() && node != context.options.node_name) {
        return error(failure::wrong_node, fmt::format("the request is for node \"{}\", this is node \"{}\"", node,
                                                      context.options.node_name));
    }
    return given;
}

/// Of a list that is not all there is, from the beginning.
struct list_size {
    std::size_t shown = 0;
    std::size_t left_out = 0;
};

/// {"<key>": "<value>"}; a value that may be cut gets a second member "<key>.truncated" when it was, here or before.
result<std::string> single_value(const processor_context& context, std::string_view key, std::string_view value,
                                 cut_at boundary, list_size before = {})
{
    reply_object object;
    object.add(key, value, boundary);
    auto rendered = object.render(context.options.max_reply, boundary == cut_at::nowhere ? 0 : list_note_reserve_bytes);
    if (!rendered) {
        return error(rendered.error().kind(), fmt::format("{}: {}", key, rendered.error().message()));
    }
    for (const cut_note& cut : rendered->cuts) {
        append_json_member(rendered->body, fmt::format("{}.truncated", cut.key),
                           fmt::format("{} of {}", cut.kept, cut.total + before.left_out));
    }
    if (rendered->cuts.empty() && before.left_out > 0) {
        append_json_member(rendered->body, fmt::format("{}.truncated", key),
                           fmt::format("{} of {}", before.shown, before.shown + before.left_out));
    }
    return std::move(rendered->body);
}

deadline host_limit(const processor_context& context, deadline limit)
{
    return deadline::sooner(limit, deadline::in(context.options.host_timeout));
}

/// What the reactor renders itself: a millisecond.
constexpr std::size_t short_list_bytes = 256U << 10U;

result<std::string> container_list_text(const processor_context& context, const node_list& list)
{
    constexpr std::string_view key = "collector.kubernetes.container.list";
    auto rendered = single_value(context, key, list.text(), cut_at::array_element);
    const auto fits = [&](std::size_t bytes) {
        return rendered && rendered->size() + bytes <= context.options.max_reply;
    };
    if (list.left_out > 0 && fits(list_note_reserve_bytes)) {
        append_json_member(*rendered, fmt::format("{}.leftOut", key),
                           fmt::format("{} labels or texts that are too long", list.left_out));
    }
    if (list.failure.empty()) return rendered;
    if (!fits(list_note_reserve_bytes + key.size() + 2 * list.failure.size())) {
        return error(failure::failed, fmt::format("container list: {}", list.failure));
    }
    append_json_member(*rendered, fmt::format("{}.error", key), list.failure);
    return rendered;
}

/// What `write` makes of a list of so many bytes: of a long one, by a worker.
template <class Write>
task<result<shared_text>> put_together(worker_pool& workers, std::string what, std::size_t bytes, deadline limit,
                                       Write write)
{
    result<std::string> text;
    if (bytes <= short_list_bytes) {
        text = write();
    } else {
        auto work = [write = std::move(write)](const abandon_flag&) { return write(); };
        text = co_await workers.run(what, limit, std::move(work));
    }
    if (!text) co_return text.error();
    co_return std::make_shared<const std::string>(std::move(*text));
}

task<result<shared_text>> container_list_answer(processor_context own, deadline limit)
{
    const auto list = co_await list_of_node(own.backends.runtimes, limit);
    if (!list) co_return list.error();
    auto write = [own, whole = *list] { return container_list_text(own, *whole); };
    const std::size_t bytes = (*list)->text().size();
    auto writing = put_together(own.backends.workers, "container list", bytes, limit, std::move(write));
    co_return co_await std::move(writing);
}

task<result<shared_text>> container_list(const processor_context& context, const parameters&, deadline limit)
{
    const auto begin = [own = context](deadline of_call) { return container_list_answer(own, of_call); };
    co_return co_await context.lists->join("container list", limit, begin);
}

/// For agents of the first generation.
task<result<shared_text>> bare_container_list(const processor_context& context, const parameters&, deadline limit)
{
    const auto list = co_await list_of_node(context.backends.runtimes, limit);
    if (!list) co_return list.error();
    const std::string& text = (*list)->text();
    // A bare array has no room to say that a part of it is missing.
    if (!(*list)->failure.empty()) co_return error(failure::failed, (*list)->failure);
    if (text.size() > context.options.max_reply) {
        co_return error(failure::too_large,
                        fmt::format("container list: the answer has {} bytes, more than the {} that an answer may have",
                                    text.size(), context.options.max_reply));
    }
    co_return shared_text(*list, &text);
}

template <generation Agent>
task<result<std::string>> docker_info(const processor_context& context, const parameters&, deadline limit)
{
    const auto info = co_await info_of_node(context.backends.runtimes, limit);
    if (!info) co_return info.error();
    const std::string prefix = Agent == generation::first ? "" : "collector.kubernetes.";
    const std::string docker = prefix + "docker.info";
    const std::pair<std::string, const std::string&> members[] = {
        {docker, info->docker},
        {docker + ".error", info->no_docker},
        {prefix + "runtime.info", info->runtime},
        {prefix + "runtime.info.error", info->no_runtime},
        {prefix + "podman.info", info->podman},
        {prefix + "podman.info.error", info->no_podman},
    };
    reply_object object;
    for (const auto& [key, text] : members) {
        if (!text.empty()) object.add(key, text);
    }
    auto rendered = object.render(context.options.max_reply, 0);
    if (rendered) co_return std::move(rendered->body);
    co_return error(rendered.error().kind(), fmt::format("{}: {}", docker, rendered.error().message()));
}

task<result<std::string>> pod_detail(const processor_context& context, const parameters& given, deadline limit)
{
    const auto which = kubernetes::pod_reference::parse(given.get("pod.namespace"), given.get("pod.name"));
    if (!which) co_return which.error();
    const auto pod = co_await context.backends.pods.pod(*which, limit);
    if (!pod) co_return pod.error();
    co_return single_value(context, "collector.kubernetes.pod.detail", *pod, cut_at::nowhere);
}

task<result<shared_text>> pod_list_answer(processor_context own, deadline limit)
{
    auto pods = co_await own.backends.pods.pods_of_node(limit);
    if (!pods) co_return pods.error();
    const std::size_t bytes = pods->size();
    auto write = [own, all = std::make_shared<const std::string>(std::move(*pods))] {
        return single_value(own, "collector.kubernetes.pod.list", *all, cut_at::array_element);
    };
    auto writing = put_together(own.backends.workers, "pod list", bytes, limit, std::move(write));
    co_return co_await std::move(writing);
}

task<result<shared_text>> pod_list(const processor_context& context, const parameters&, deadline limit)
{
    const auto begin = [own = context](deadline of_call) { return pod_list_answer(own, of_call); };
    co_return co_await context.lists->join("pod list", limit, begin);
}

/// `id`, else `pid`, else the pod's name: what the caller named most exactly. `question`: who asks for it, in a
/// failure.
result<net_info_query> net_info_query_of(const parameters& given, std::string_view question)
{
    if (const auto id = given.get("id"); !id.empty()) {
        auto reference = container_reference::parse(id);
        if (!reference) return reference.error();
        return net_info_query(std::move(*reference));
    }
    if (const auto text = given.get("pid"); !text.empty()) {
        const auto pid = host::parse_pid(text);
        if (!pid) return pid.error();
        return net_info_query(*pid);
    }
    if (given.get("pod.namespace").empty() && given.get("pod.name").empty()) {
        return error(failure::invalid,
                     fmt::format("{}: the body names no target: it needs \"id\" (a container), \"pid\" (a process of "
                                 "this node), or \"pod.namespace\" and \"pod.name\"",
                                 question));
    }
    const auto pod = kubernetes::pod_reference::parse(given.get("pod.namespace"), given.get("pod.name"));
    if (!pod) return pod.error();
    return net_info_query(pod->pod_namespace(), pod->pod_name(), std::string(given.get("container")));
}

task<result<std::string>> net_info_of(const processor_context& context, const parameters& given, deadline limit)
{
    auto query = net_info_query_of(given, "net info");
    if (!query) co_return query.error();
    query->node_nat = given.get(node_nat_parameter) == "true";
    const auto found = co_await context.backends.net_info.collect(std::move(*query), limit);
    if (!found) co_return found.error();
    co_return net_info_reply(*found, context.options.max_reply);
}

/// Who diagnoses asks once: counters that grow are seen in two readings.
constexpr std::chrono::seconds diagnosis_interval{1};

task<result<std::string>> network_diagnosis_of(const processor_context& context, const parameters& given,
                                               deadline limit)
{
    auto query = net_info_query_of(given, "network findings");
    if (!query) co_return query.error();
    findings_query asked(std::move(*query), findings::severity::info);
    asked.interval = diagnosis_interval;
    const auto made = co_await context.backends.findings.collect(std::move(asked), limit);
    if (!made) co_return made.error();
    co_return network_diagnosis(*made, context.options.max_reply);
}

task<result<std::string>> process_list_of(const processor_context& context, const parameters&, deadline limit)
{
    const auto list = co_await context.backends.processes.collect(host_limit(context, limit));
    if (!list) co_return list.error();
    const process_list& found = **list;
    const list_size size{found.shown, found.left_out};
    co_return single_value(context, "collector.system.process.list", found.json, cut_at::array_element, size);
}

task<result<std::string>> mountinfo_of(const processor_context& context, const parameters&, deadline limit)
{
    const processor_backends& backends = context.backends;
    const auto mounts = co_await host::read_mountinfo(backends.workers, backends.root, host_limit(context, limit));
    if (!mounts) co_return mounts.error();
    co_return single_value(context, "collector.system.mountinfo", mounts->text, cut_at::line);
}

task<result<std::string>> dockerd_goroutines(const processor_context& context, const parameters&, deadline limit)
{
    const auto path = co_await context.backends.goroutines.dump_dockerd(limit);
    if (!path) co_return path.error();
    co_return single_value(context, "collector.runtime.dockerd.goroutine", *path, cut_at::nowhere);
}

task<result<std::string>> containerd_goroutines(const processor_context& context, const parameters&, deadline limit)
{
    const auto time = co_await context.backends.goroutines.dump_containerd(limit);
    if (!time) co_return time.error();
    co_return single_value(context, "collector.runtime.containerd.goroutine", *time, cut_at::nowhere);
}

/// `answer` gives the body; whatever it could not do becomes the contract's failure.
template <class Answer>
task<http::reply> reply_of(const processor_context& context, const http::request& asked, Answer answer)
{
    const auto given = read_parameters(context, asked);
    if (!given) co_return processor_failure(given.error());
    auto body = co_await answer(context, *given, asked.limit);
    if (!body) co_return processor_failure(body.error());
    co_return http::reply(200, "application/json", std::move(*body));
}

}  // namespace

std::vector<http::route> processor_routes(const processor_backends& backends, const processor_options& options)
{
    const auto context = std::make_shared<const processor_context>(backends, options);
    std::vector<http::route> routes;
    const auto add = [&](const char* path, auto answer) {
        http::route& row = routes.emplace_back(
            http::method::post, std::string("/processor/") + path,
            [context, answer](const http::request& asked) { return reply_of(*context, asked, answer); });
        row.body_limit = options.max_body;
        row.deadline_status = 500;  // the contract's one code for what could not be done
    };
    add("containercollector", bare_container_list);
    add("containerCollector", container_list);
    add("dockerinfocollector", docker_info<generation::first>);
    add("dockerInfoCollector", docker_info<generation::second>);
    for (const char* const spelling : {"podDetailCollector", "poddetailcollector"}) add(spelling, pod_detail);
    for (const char* const spelling : {"netInfoCollector", "netinfoCollector", "netinfocollector"})
        add(spelling, net_info_of);
    for (const char* const spelling : {"networkDiagnoser", "networkdiagnoser"}) add(spelling, network_diagnosis_of);
    add("podListCollector", pod_list);
    add("processCollector", process_list_of);
    add("mountInfoCollector", mountinfo_of);
    add("dockerdGoroutineCollector", dockerd_goroutines);
    add("containerdGoroutineCollector", containerd_goroutines);
    return routes;
}

}  // namespace nodescope::api
