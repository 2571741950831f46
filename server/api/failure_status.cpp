#include "server/api/failure_status.hpp"

#include "core/text.hpp"

namespace nodescope::api {

namespace {

/// Longest sentence sent: enough for the deepest of ours with a cause in it.
constexpr std::size_t sentence_limit_bytes = 2048;

unsigned processor_status(failure kind) noexcept
{
    switch (kind) {
        case failure::wrong_node: return 421;
        case failure::disabled: return 422;
        case failure::overloaded: return 503;
        default: return 500;
    }
}

}  // namespace

http::reply sentence_reply(unsigned status, std::string_view sentence, std::size_t limit_bytes)
{
    http::reply out;
    out.status = status;
    out.set_text(escape_untrusted(sentence, limit_bytes) + '\n');
    if (status == 503) out.headers.emplace_back("Retry-After", std::to_string(retry_after_seconds));
    return out;
}

http::reply processor_failure(const error& why)
{
    return sentence_reply(processor_status(why.kind()), why.message(), sentence_limit_bytes);
}

}  // namespace nodescope::api
