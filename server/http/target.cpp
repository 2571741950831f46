#include "server/http/target.hpp"

#include "core/ascii.hpp"

namespace nodescope::http {

namespace {

// RFC 3986, 3.3 and 3.4. Square brackets are not in its query, but clients send them there ("match[]=") and all
// parsers agree on what they mean.
#define NODESCOPE_PCHAR "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@%"
constexpr byte_set path_bytes(NODESCOPE_PCHAR "/");
constexpr byte_set query_bytes(NODESCOPE_PCHAR "/?[]");
#undef NODESCOPE_PCHAR

constexpr refusal malformed{400, "malformed target"};
constexpr refusal ambiguous{400, "the path is not in its canonical form"};

/// The byte that the escape at the start of `text` stands for, -1 when it is broken.
constexpr int unescaped(std::string_view text) noexcept
{
    if (text.size() < 3) return -1;
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool has_broken_escape(std::string_view text) noexcept
{
    for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
        if (unescaped(text.substr(at)) < 0) return true;
    }
    return false;
}

/// Takes scheme and authority off an absolute form. False when `rest` has another form.
bool take_authority(std::string_view& rest, std::string_view& authority) noexcept
{
    const std::size_t colon = rest.find("://");
    if (colon == std::string_view::npos) return false;
    const std::string_view scheme = rest.substr(0, colon);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return false;
    rest.remove_prefix(colon + 3);
    authority = rest.substr(0, rest.find_first_of("/?"));
    rest.remove_prefix(authority.size());
    return !authority.empty();
}

bool is_dot_segment(std::string_view segment) noexcept { return segment == "." || segment == ".."; }

bool has_ambiguous_segment(std::string_view path) noexcept
{
    std::string_view rest = path.substr(1);
    for (;;) {
        const std::size_t end = rest.find('/');
        const std::string_view segment = rest.substr(0, end);
        if (is_dot_segment(segment)) return true;
        if (end == std::string_view::npos) return false;
        if (segment.empty()) return true;
        rest.remove_prefix(end + 1);
    }
}

}  // namespace

refusal split_target(std::string_view target, target_parts& out)
{
    out = {};
    std::string_view rest = target;
    if (rest.empty()) return malformed;
    if (rest.front() != '/' && !take_authority(rest, out.authority)) return malformed;

    const std::size_t mark = rest.find('?');
    out.path = rest.substr(0, mark);
    if (mark != std::string_view::npos) out.query = rest.substr(mark + 1);
    if (out.path.empty()) out.path = "/";
    if (!path_bytes.contains_all(out.path) || !query_bytes.contains_all(out.query)) return malformed;
    if (has_broken_escape(out.query)) return malformed;
    return {};
}

refusal canonical_path(std::string_view encoded, std::string& out)
{
    out.clear();
    if (encoded.empty() || encoded.front() != '/') return ambiguous;
    if (encoded.find('%') == std::string_view::npos) {
        out = encoded;
    } else {
        out.reserve(encoded.size());
        while (!encoded.empty()) {
            if (encoded.front() != '%') {
                out += encoded.front();
                encoded.remove_prefix(1);
                continue;
            }
            const int byte = unescaped(encoded);
            if (byte < 0) return malformed;
            if (byte == 0 || byte == '/') return ambiguous;
            out += static_cast<char>(byte);
            encoded.remove_prefix(3);
        }
    }
    if (has_ambiguous_segment(out)) return ambiguous;
    return {};
}

}  // namespace nodescope::http
