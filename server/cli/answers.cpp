#include "server/cli/answers.hpp"

#include "core/text.hpp"
#include "server/cli/figures.hpp"
#include "server/cli/json_value.hpp"
#include "server/http/listener.hpp"
#include "server/http/target.hpp"
#include "server/run/own_answers.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace nodescope::cli {

namespace {

/// Where the package's socket unit listens (systemd/nodescope.socket).
constexpr const char* socket_of_package = "/run/nodescope.sock";

class of_service final : public answers {
public:
    of_service(question service, std::chrono::milliseconds limit) : service_(std::move(service)), limit_(limit) {}

    result<service_answer> blocking_ask(const std::string& path, const std::string& body) override
    {
        question what = service_;
        what.path = path;
        what.body = body;
        return located(cli::blocking_ask(what, limit_));
    }
    result<void> blocking_follow(const std::string& path, const std::function<bool(std::string_view)>& take) override
    {
        question what = service_;
        what.path = path;
        return located(cli::blocking_follow(what, take));
    }

private:
    template <class T>
    result<T> located(result<T> got) const
    {
        if (got) return got;
        return error(failure::failed, fmt::format("{}: {}", service_.server, got.error().message()));
    }

    question service_;
    std::chrono::milliseconds limit_;
};

class of_this_process final : public answers {
public:
    explicit of_this_process(std::unique_ptr<own_answers> own) : own_(std::move(own)) {}

    result<service_answer> blocking_ask(const std::string& path, const std::string& body) override
    {
        auto asked = request_of(path, body);
        if (!asked) return asked.error();
        const http::reply got = own_->blocking_answer(std::move(*asked));
        return service_answer{got.status, std::string(got.text())};
    }
    result<void> blocking_follow(const std::string& path, const std::function<bool(std::string_view)>& take) override
    {
        auto asked = request_of(path, {});
        if (!asked) return asked.error();
        const http::reply got = own_->blocking_answer(std::move(*asked));
        if (got.status / 100 != 2) return error(failure::failed, fmt::format("status {}: {}", got.status, got.text()));
        if (got.stream) own_->blocking_follow(*got.stream, take);
        else take(got.text());
        return {};
    }
    int leave(int code) override
    {
        if (!own_->has_stuck_worker()) return code;
        std::fflush(stdout);
        std::_Exit(code);
    }

private:
    static result<http::request> request_of(const std::string& path, const std::string& body)
    {
        http::target_parts parts;
        http::request made;
        if (http::split_target(path, parts) || http::canonical_path(parts.path, made.path)) {
            return error(failure::invalid, fmt::format("\"{}\" is not a path", path));
        }
        made.query = parts.query;
        made.body = body;
        made.verb = body.empty() ? http::method::get : http::method::post;
        made.verb_text = body.empty() ? "GET" : "POST";
        if (!body.empty()) made.content_type = "application/json";
        made.peer = "this process";
        return made;
    }

    std::unique_ptr<own_answers> own_;
};

/// Somebody accepts connections there; who it is, is looked at before anything is asked.
bool is_listened_on(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.data(), path.size());
    const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the call takes
    return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::optional<std::string> local_service(const configuration& config)
{
    std::vector<std::string> paths;
    for (const std::string& one : config.http.listen) {
        const auto parsed = http::parse_listen_address(one);
        if (parsed && parsed->is_unix()) paths.push_back(parsed->path);
    }
    paths.emplace_back(socket_of_package);
    for (const std::string& path : paths) {
        if (is_listened_on(path)) return "unix:" + path;
    }
    return std::nullopt;
}

failure kind_of_status(unsigned status)
{
    switch (status) {
        case 400: return failure::invalid;
        case 401:
        case 403: return failure::denied;
        case 404: return failure::gone;
        case 409: return failure::conflict;
        case 503: return failure::unavailable;
        case 504: return failure::timed_out;
        default: return failure::failed;
    }
}

}  // namespace

std::vector<command_argument> asking_options::arguments()
{
    return {
        {"--json", &json, "print the answer of the API as it is", false, {}},
        {"--server", &service.server, "ask this service: http://host:port, https://host:port or unix:/path", false, {}},
        {"--ca-file", &service.ca_file, "PEM bundle that must have signed the server's certificate", false, {}},
        {"--cert-file",
         &service.certificate_file,
         "PEM certificate to show, and its chain",
         false,
         {"--key-file", "--ca-file"}},
        {"--key-file", &service.key_file, "PEM key of --cert-file", false, {"--cert-file"}},
    };
}

result<std::unique_ptr<answers>> find_answers(const asking_options& how, const configuration& config)
{
    question service = how.service;
    if (service.server.empty() && ::geteuid() != 0) service.server = local_service(config).value_or("");
    if (!service.server.empty()) {
        return std::unique_ptr<answers>(
            std::make_unique<of_service>(std::move(service), config.http.request_timeout + time_to_travel));
    }
    auto own = own_answers::make(config);
    if (!own) return own.error();
    return std::unique_ptr<answers>(std::make_unique<of_this_process>(std::move(*own)));
}

result<std::string> blocking_body(answers& from, const std::string& path, const std::string& body)
{
    auto got = from.blocking_ask(path, body);
    if (!got) return got.error();
    if (got->status / 100 == 2) return std::move(got->body);
    std::string sentence = json_value::of_document(got->body).at("error/message").text();
    if (sentence.empty()) sentence = got->body;
    sentence.erase(sentence.find_last_not_of(" \r\n") + 1);
    return error(kind_of_status(got->status), std::move(sentence));
}

int fail_about(const std::string& reference, const error& why)
{
    const bool is_id =
        reference.size() >= short_id_length && reference.find_first_not_of("0123456789abcdef") == std::string::npos;
    const int code = fail(why.message());
    if (reference.empty() || is_id || (why.kind() != failure::unavailable && why.kind() != failure::timed_out))
        return code;
    return fail("an id, as `nodescope ps` shows it, needs no runtime");
}

std::string query_value(std::string_view text)
{
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:";
    std::string out;
    for (const char byte : text) {
        if (plain.find(byte) != std::string_view::npos) out += byte;
        else out += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
    return out;
}

}  // namespace nodescope::cli
