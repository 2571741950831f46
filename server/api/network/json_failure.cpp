#include "server/api/network/json_failure.hpp"

#include "core/text.hpp"
#include "server/api/failure_status.hpp"

#include <string>

namespace nodescope::api {

namespace {

/// Longest sentence sent: enough for the deepest of ours with a cause in it.
constexpr std::size_t sentence_bytes = 2048;
unsigned status_of(failure kind) noexcept
{
    switch (kind) {
        case failure::invalid: return 400;
        case failure::denied: return 403;
        case failure::gone: return 404;
        case failure::conflict: return 409;
        case failure::wrong_node: return 421;
        case failure::disabled: return 422;
        case failure::malformed:
        case failure::failed: return 502;
        case failure::unavailable:
        case failure::overloaded: return 503;
        case failure::timed_out: return 504;
        default: return 500;
    }
}

}  // namespace

void write_error(json_writer& json, const error& why, std::size_t limit_bytes)
{
    json.object([&] {
        json.member("kind", to_string(why.kind()));
        json.member("message", escape_untrusted(why.message(), limit_bytes));
    });
}

http::reply json_failure(const error& why)
{
    std::string text;
    json_writer json(text);
    json.object([&] {
        json.key("error");
        write_error(json, why, sentence_bytes);
    });
    text += '\n';
    http::reply out(status_of(why.kind()), "application/json", std::move(text));
    if (out.status == 503) out.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
    return out;
}

}  // namespace nodescope::api
