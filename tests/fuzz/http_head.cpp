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
        if (!canonical_path(parts.path, path) && path.find("/../") != std::string::npos) std::abort();
    }
    const origin_rules rules({}, {});
    if (head.host) (void)rules.check_host(*head.host);
    (void)rules.check_origin(head);
    if (head.http_2_preface) return 0;

    message_parser parser;
    parser.start(1U << 20U);
    std::size_t used = 0;
    const auto read = parser.feed(text, used);
    if (used > size) std::abort();
    if (read == message_parser::state::complete && parser.agrees(head.chunked, head.content_length.value_or(0)) &&
        !head.has_body() && used != whole.size()) {
        std::abort();
    }
    return 0;
}
