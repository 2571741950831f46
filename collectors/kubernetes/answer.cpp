#include "collectors/kubernetes/answer.hpp"

#include "core/json/reader.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope::kubernetes {

namespace {

/// Enough for the messages Kubernetes writes, and short enough for a log line.
constexpr std::size_t message_limit = 600;

failure kind_of_status(unsigned status) noexcept
{
    switch (status) {
        case 401:
        case 403: return failure::denied;
        case 404:
        case 410: return failure::gone;
        case 502:
        case 503:
        case 504: return failure::unavailable;
        default: return failure::failed;
    }
}

/// `message` of a Status object (apimachinery, meta/v1), else the first line of the text the kubelet writes.
std::string message_of(std::string_view body)
{
    if (const auto message = json_member(body, "message")) {
        if (const auto text = decode_json_string(*message)) return *text;
        return {};
    }
    const std::size_t first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || body[first] == '<') return {};
    body.remove_prefix(first);
    return std::string(body.substr(0, body.find_first_of("\r\n")));
}

std::string without(std::string text, std::string_view secret)
{
    if (secret.empty()) return text;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
        text.replace(at, secret.size(), "[token]");
        at += std::string_view("[token]").size();
    }
    return text;
}

}  // namespace

result<std::string> body_of(const call_names& names, http_client::outcome outcome, std::string_view token)
{
    if (!outcome.answer) {
        return error(outcome.why.kind, fmt::format("{}: {} ({})", names.what, outcome.why.message, names.peer));
    }
    http_client::response& answer = *outcome.answer;
    if (answer.status == 200) return std::move(answer.body);

    std::string sentence = fmt::format("{}: {} answered {}", names.what, names.peer, answer.status);
    if (answer.status >= 300 && answer.status < 400) {
        sentence += ", a redirect, and redirects are not followed";
    } else if (const std::string message = without(message_of(answer.body), token); !message.empty()) {
        sentence += fmt::format(": {}", escape_untrusted(message, message_limit));
    }
    if (answer.status == 403 && !names.hint.empty()) sentence += fmt::format(". {}", names.hint);
    return error(kind_of_status(answer.status), std::move(sentence));
}

error about_answer(const call_names& names, const error& reason)
{
    if (reason.kind() != failure::malformed)
        return error(reason.kind(), fmt::format("kubernetes: {}", reason.message()));
    return error(reason.kind(), fmt::format("{}: {} answered something else than asked: {}", names.what, names.peer,
                                            reason.message()));
}

}  // namespace nodescope::kubernetes
