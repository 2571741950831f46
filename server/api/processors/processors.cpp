#include "server/api/processors/processors.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "core/json/reader.hpp"
#include "core/text.hpp"
#include "server/api/failure_status.hpp"
#include "server/api/processors/net_info_reply.hpp"
#include "server/api/processors/parameters.hpp"
#include "server/api/processors/reply_object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope::api {

namespace {

/// Which agents ask: the path tells.
enum class generation { first, second };

/// Room left in an answer for what says that a list was cut.
constexpr std::size_t list_note_reserve_bytes = 128;

struct processor_context {
    processor_backends backends;
    processor_options options;
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

/// {"<key>": "<value>"}; a value that may be cut gets a second member "<key>.truncated" when it was.
result<std::string> single_value(const processor_context& context, std::string_view key, std::string_view value,
                                 cut_at boundary)
{
    reply_object object;
    object.add(key, value, boundary);
    auto rendered = object.render(context.options.max_reply, boundary == cut_at::nowhere ? 0 : list_note_reserve_bytes);
    if (!rendered) {
        return error(rendered.error().kind(), fmt::format("{}: {}", key, rendered.error().message()));
    }
    for (const cut_note& cut : rendered->cuts) {
        append_member(rendered->body, fmt::format("{}.truncated", cut.key),
                      fmt::format("{} of {}", cut.kept, cut.total));
    }
    return std::move(rendered->body);
}

deadline host_limit(const processor_context& context, deadline limit)
{
    return deadline::sooner(limit, deadline::in(context.options.host_timeout));
}

task<result<std::string>> container_list(const processor_context& context, const parameters&, deadline limit,
                                         generation agent)
{
    const auto list = co_await context.backends.docker.list_containers(limit);
    if (!list) co_return list.error();
    if (agent == generation::second) {
        co_return single_value(context, "collector.kubernetes.container.list", **list, cut_at::array_element);
    }
    if ((*list)->size() > context.options.max_reply) {
        co_return error(failure::too_large,
                        fmt::format("container list: the answer has {} bytes, more than the {} that an answer may have",
                                    (*list)->size(), context.options.max_reply));
    }
    co_return **list;
}

task<result<std::string>> docker_info(const processor_context& context, const parameters&, deadline limit,
                                      generation agent)
{
    const auto info = co_await context.backends.docker.info(limit);
    if (!info) co_return info.error();
    const char* const key = agent == generation::first ? "docker.info" : "collector.kubernetes.docker.info";
    co_return single_value(context, key, **info, cut_at::nowhere);
}

task<result<std::string>> pod_detail(const processor_context& context, const parameters& given, deadline limit)
{
    const auto which = kubernetes::pod_reference::parse(given.get("pod.namespace"), given.get("pod.name"));
    if (!which) co_return which.error();
    const auto pod = co_await context.backends.pods.pod(*which, limit);
    if (!pod) co_return pod.error();
    co_return single_value(context, "collector.kubernetes.pod.detail", *pod, cut_at::nowhere);
}

task<result<std::string>> pod_list(const processor_context& context, const parameters&, deadline limit)
{
    const auto pods = co_await context.backends.pods.pods_of_node(limit);
    if (!pods) co_return pods.error();
    co_return single_value(context, "collector.kubernetes.pod.list", *pods, cut_at::array_element);
}

/// `id`, else `pid`, else the pod's name: what the caller named most exactly.
result<net_info_query> net_info_query_of(const parameters& given)
{
    if (const auto id = given.get("id"); !id.empty()) {
        auto reference = container_reference::parse(id);
        if (!reference) return reference.error();
        return net_info_query::of_container(std::move(*reference));
    }
    if (const auto text = given.get("pid"); !text.empty()) {
        const auto pid = host::parse_pid(text);
        if (!pid) return pid.error();
        return net_info_query::of_process(*pid);
    }
    if (given.get("pod.namespace").empty() && given.get("pod.name").empty()) {
        return error(failure::invalid,
                     "net info: the body names no target: it needs \"id\" (a container), \"pid\" (a process of this "
                     "node), or \"pod.namespace\" and \"pod.name\"");
    }
    const auto pod = kubernetes::pod_reference::parse(given.get("pod.namespace"), given.get("pod.name"));
    if (!pod) return pod.error();
    return net_info_query::of_pod(pod->pod_namespace(), pod->pod_name(), std::string(given.get("container")));
}

task<result<std::string>> net_info_of(const processor_context& context, const parameters& given, deadline limit)
{
    auto query = net_info_query_of(given);
    if (!query) co_return query.error();
    query->node_nat = given.get(node_nat_parameter) == "true";
    const auto found = co_await context.backends.net_info.collect(std::move(*query), limit);
    if (!found) co_return found.error();
    co_return net_info_reply(*found, context.options.max_reply);
}

task<result<std::string>> process_list_of(const processor_context& context, const parameters&, deadline limit)
{
    const auto list = co_await context.backends.processes.collect(host_limit(context, limit));
    if (!list) co_return list.error();
    const std::string text = process_list_json(*list);
    co_return single_value(context, "collector.system.process.list", text, cut_at::array_element);
}

task<result<std::string>> mountinfo_of(const processor_context& context, const parameters&, deadline limit)
{
    const auto mounts = co_await context.backends.mountinfo.collect(host_limit(context, limit));
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
    auto answering = answer(context, *given, asked.limit);
    auto body = co_await std::move(answering);
    if (!body) co_return processor_failure(body.error());
    co_return http::reply(200, "application/json", std::move(*body));
}

}  // namespace

std::vector<http::route> processor_routes(const processor_backends& backends, const processor_options& options)
{
    const auto context = std::make_shared<const processor_context>(processor_context{backends, options});
    std::vector<http::route> routes;
    const auto add = [&](const char* path, auto answer) {
        http::route& row = routes.emplace_back(
            http::method::post, std::string("/processor/") + path,
            [context, answer](const http::request& asked) { return reply_of(*context, asked, answer); });
        row.body_limit = options.max_body;
        row.deadline_status = 500;  // the contract's one code for what could not be done
    };
    const auto add_both = [&](const char* first, const char* second, auto answer) {
        const auto told = [answer](generation agent) {
            return [answer, agent](const processor_context& of, const parameters& given, deadline limit) {
                return answer(of, given, limit, agent);
            };
        };
        add(first, told(generation::first));
        add(second, told(generation::second));
    };

    add_both("containercollector", "containerCollector", container_list);
    add_both("dockerinfocollector", "dockerInfoCollector", docker_info);
    for (const char* const spelling : {"podDetailCollector", "poddetailcollector"}) add(spelling, pod_detail);
    for (const char* const spelling : {"netInfoCollector", "netinfoCollector", "netinfocollector"})
        add(spelling, net_info_of);
    add("podListCollector", pod_list);
    add("processCollector", process_list_of);
    add("mountInfoCollector", mountinfo_of);
    add("dockerdGoroutineCollector", dockerd_goroutines);
    add("containerdGoroutineCollector", containerd_goroutines);
    return routes;
}

}  // namespace nodescope::api
