// The bytes of a client: scanning in pieces finds the same head as scanning at once, and what the strict reader lets
// through Beast reads the same way (the difference between two readers is how requests are smuggled).
#include "server/http/framing.hpp"
#include "server/http/message_parser.hpp"
#include "server/http/origin_rules.hpp"
#include "server/http/target.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace nodescope::http;

namespace {

bool has_second_spelling(std::string_view path)
{
    const std::string closed = std::string(path) + "/";
    for (const std::string_view forbidden : {"/./", "/../"}) {
        if (closed.find(forbidden) != std::string::npos) return true;
    }
    return path.empty() || path.front() != '/' || path.find("//") != std::string_view::npos ||
           path.find('\0') != std::string_view::npos;
}

/// Splitting the bytes changes nothing, and what the scanner takes for a whole body ends where it ends for Beast.
void check_chunks(std::string_view body, message_parser& parser)
{
    chunk_scanner at_once;
    std::size_t end = 0;
    const auto state = at_once.scan(body, end);
    chunk_scanner in_bytes;
    auto reached = chunk_scanner::state::incomplete;
    std::size_t taken = 0;
    for (; taken < body.size() && reached == chunk_scanner::state::incomplete; ++taken) {
        std::size_t one = 0;
        reached = in_bytes.scan(body.substr(taken, 1), one);
    }
    if (reached != state) std::abort();
    if (state != chunk_scanner::state::complete) return;
    if (taken != end) std::abort();
    std::size_t used = 0;
    const auto decoded = parser.feed(body, used);
    // Beast refuses some trailers that do not concern the scanner.
    if (decoded == message_parser::state::complete && used != end) std::abort();
    if (decoded == message_parser::state::need_more) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    head_scanner whole;
    const auto state = whole.scan(text);
    head_scanner pieces;
    auto found = head_scanner::state::incomplete;
    for (std::size_t end = 1; end <= size && found == head_scanner::state::incomplete; ++end)
        found = pieces.scan(text.substr(0, end));
    if (size > 0 && found != state) std::abort();
    if (state != head_scanner::state::complete) return 0;
    if (pieces.size() != whole.size()) std::abort();

    request_head head;
    if (parse_head(text.substr(0, whole.size()), head_limits(), head)) return 0;
    target_parts parts;
    if (!split_target(head.target, parts)) {
        std::string path;
        if (!canonical_path(parts.path, path) && has_second_spelling(path)) std::abort();
    }
    const origin_rules rules({}, {});
    if (head.host) (void)rules.check_host(*head.host);
    (void)rules.check_origin(head, "http");
    if (head.http_2_preface) return 0;

    message_parser parser;
    parser.start(1U << 20U);
    std::size_t used = 0;
    if (head.chunked) {
        const auto begun = parser.feed(text.substr(0, whole.size()), used);
        if (begun == message_parser::state::need_more && used == whole.size()) check_chunks(text.substr(used), parser);
        return 0;
    }
    const auto read = parser.feed(text, used);
    if (used > size) std::abort();
    if (read == message_parser::state::complete && parser.agrees(head.chunked, head.content_length.value_or(0)) &&
        !head.has_body() && used != whole.size()) {
        std::abort();
    }
    return 0;
}
