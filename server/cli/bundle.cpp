#include "server/cli/bundle.hpp"

#include "core/json/writer.hpp"
#include "core/rfc3339.hpp"
#include "core/unique_fd.hpp"
#include "server/cli/figures.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/progress.hpp"
#include "server/cli/screen.hpp"
#include "server/http/content_coding.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace nodescope::cli {

namespace {

/// All of it: whoever waits for a ticket's file has a node that is sick.
constexpr std::chrono::seconds whole_limit{120};
/// Before compression; an answer has at most about a megabyte.
constexpr std::size_t size_limit_bytes = std::size_t{64} << 20U;

struct wanted {
    std::string name;  ///< in the archive
    std::string path;
    std::string body;
};

std::vector<wanted> about_node()
{
    return {
        {"node/containers.json", "/v1/containers?ended", ""},
        {"node/findings.json", "/v1/findings?node", ""},
        {"node/network.json", "/v1/network?node", ""},
        {"node/topology.json", "/v1/topology", ""},
        {"node/runtime.json", "/processor/dockerInfoCollector", "{}"},
        {"node/runtime-containers.json", "/processor/containerCollector", "{}"},
        {"node/pods.json", "/processor/podListCollector", "{}"},
        {"node/processes.json", "/processor/processCollector", "{}"},
        {"node/mounts.json", "/processor/mountInfoCollector", "{}"},
        {"node/machine.json", "/api/v2.1/machine", ""},
        {"node/events.json", "/api/v2.1/events?all_events=true&subcontainers=true&max_events=1000", ""},
        {"node/status.json", "/status", ""},
        {"node/metrics.txt", "/metrics", ""},
    };
}

std::vector<wanted> about_container(const std::string& id)
{
    const std::string folder = "containers/" + id.substr(0, short_id_length);
    const std::string query = "container=" + query_value(id);
    std::string parameters;
    json_writer json(parameters);
    json.object([&] { json.member("id", id); });
    return {
        {folder + "/findings.json", "/v1/findings?" + query, ""},
        {folder + "/network.json", "/v1/network?" + query, ""},
        {folder + "/net-info.json", "/processor/netInfoCollector", parameters},
    };
}

/// The archive while it grows.
class archive {
public:
    archive(answers& from, bool redact) : from_(from), redact_(redact) {}

    /// Empty where it could not be had.
    std::string take(const wanted& one)
    {
        if (limit_.passed())
            return leave_out(one, fmt::format("not asked: the {} were over", duration_text(whole_limit)));
        auto body = blocking_body(from_, one.path, one.body);
        if (!body) return leave_out(one, body.error().message());
        const bool metrics = one.name.ends_with(".txt");
        if (redact_) *body = metrics ? redacted_metrics(*body) : redacted_json(*body);
        if (tar_.size() + body->size() > size_limit_bytes) {
            return leave_out(one,
                             fmt::format("{}, and there is no room", bytes_text(static_cast<double>(body->size()))));
        }
        add(one.name, *body);
        list_ += fmt::format("{}  {}  {}\n", one.name, body->size(), one.path);
        return std::move(*body);
    }

    /// Why there is nothing in it, if that is so.
    [[nodiscard]] std::optional<std::string> empty_because() const
    {
        return tar_.empty() ? std::optional(first_failure_) : std::nullopt;
    }

    std::string finished() &&
    {
        std::string text = fmt::format("nodescope {}, {}\n", NODESCOPE_VERSION, rfc3339(utc_time(when_)));
        text += redact_ ? "Environments, labels, annotations and command lines are redacted.\n"
                        : "Nothing is redacted: it may hold secrets of environments and command lines.\n";
        text += "\nFile, bytes, and what was asked:\n" + list_;
        if (!missing_.empty()) text += "\nNot here:\n" + missing_;
        add("README.txt", text);
        return std::move(tar_) + tar_end();
    }

private:
    std::string leave_out(const wanted& one, const std::string& why)
    {
        if (missing_.empty()) first_failure_ = why;
        missing_ += fmt::format("{}: {}\n", one.name, shown(why));
        return {};
    }
    void add(const std::string& name, std::string_view content)
    {
        tar_ += tar_entry("nodescope/" + name, content, when_);
    }

    answers& from_;
    const bool redact_;
    const deadline limit_ = deadline::in(whole_limit);
    const std::chrono::sys_seconds when_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::string tar_;
    std::string list_;
    std::string missing_;
    std::string first_failure_;
};

/// Never over what is there already, and for root's eyes.
result<void> write_new(const std::string& path, std::string_view content)
{
    const unique_fd to(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!to) return from_errno(errno, path);
    while (!content.empty()) {
        const ssize_t written = ::write(to.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return from_errno(errno, path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

/// Before minutes of work: what write_new() would say at their end. Nothing is made yet, so that nothing is left where
/// somebody interrupts.
result<void> check_new(const std::string& path)
{
    if (::access(path.c_str(), F_OK) == 0) return from_errno(EEXIST, path);
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
    return from_errno(errno, path);
}

std::string file_of_now()
{
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    std::string time = date_and_time(now);
    std::erase(time, ':');
    return fmt::format("nodescope-{}.tar.gz", time);
}

}  // namespace

std::vector<command_argument> bundle::arguments()
{
    std::vector<command_argument> all{
        {"file", &file, "where to; it must not be there [nodescope-TIME.tar.gz]", false, {}},
        {"--redact", &redact, "without environments, labels, annotations and command lines", false, {}},
    };
    for (command_argument& one : how.arguments()) {
        if (one.name != "--json") all.push_back(std::move(one));
    }
    return all;
}

int bundle::run(const command_context& with) const
{
    const std::string path = file.empty() ? file_of_now() : file;
    if (const auto possible = check_new(path); !possible) return fail(possible.error().message());
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    archive made(**from, redact);
    passing_line bar;
    std::vector<wanted> all = about_node();
    for (std::size_t i = 0; i < all.size(); ++i) {
        bar.show(progress_text(i, all.size(), all[i].name));
        const std::string body = made.take(all[i]);
        if (i != 0) continue;
        for (const json_value& one : json_value::of_document(body)["containers"].elements()) {
            for (wanted& more : about_container(one["id"].text())) all.push_back(std::move(more));
        }
    }
    if (const auto nothing = made.empty_because()) {
        bar.clear();
        return fail("bundle: nothing could be had: " + *nothing), (*from)->leave(1);
    }
    bar.show(progress_text(all.size(), all.size(), "compressing"));
    const std::string tar = std::move(made).finished();
    const abandon_flag never;
    const auto compressed = http::blocking_gzip(tar, never);
    bar.clear();
    if (!compressed) return fail("bundle: it could not be compressed"), (*from)->leave(1);
    if (const auto written = write_new(path, *compressed); !written) {
        return fail(written.error().message()), (*from)->leave(1);
    }
    const int code = print(fmt::format("{}  {}\n", path, bytes_text(static_cast<double>(compressed->size()))));
    return (*from)->leave(code);
}

}  // namespace nodescope::cli
