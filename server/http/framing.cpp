#include "server/http/framing.hpp"

#include "core/ascii.hpp"
#include "core/text_scan.hpp"
#include "server/http/content_coding.hpp"

#include <algorithm>

namespace nodescope::http {

namespace {

/// The longest registered method (IANA) has 17 letters.
constexpr std::size_t longest_method = 20;

/// Digits: more than any body_limit needs.
constexpr std::size_t longest_chunk_size = 8;
constexpr std::size_t longest_extension = 256;
/// All trailer lines together. Nothing in them is used.
constexpr std::size_t longest_trailer = 1024;

constexpr refusal bad_request(std::string_view sentence) noexcept { return refusal{400, sentence}; }

/// Takes the next line, without its CRLF, off `rest`.
std::string_view take_line(std::string_view& rest) noexcept
{
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    return line;
}

refusal check_method(std::string_view method) noexcept
{
    if (method.empty() || !token_bytes.contains_all(method)) return bad_request("malformed method");
    // Methods are case-sensitive: "get" is not GET, and no method that exists has other letters.
    if (method.size() > longest_method) return {501, "unknown method"};
    for (const char c : method) {
        if (!is_upper(c) && c != '-') return {501, "unknown method"};
    }
    if (method == "CONNECT") return {501, "method CONNECT is not implemented"};
    return {};
}

refusal read_request_line(std::string_view line, const head_limits& limits, request_head& out)
{
    const std::size_t method_end = line.find(' ');
    const std::size_t target_end = line.rfind(' ');
    if (method_end == std::string_view::npos || method_end == target_end) return bad_request("malformed request line");
    out.method = line.substr(0, method_end);
    out.target = line.substr(method_end + 1, target_end - method_end - 1);
    const std::string_view version = line.substr(target_end + 1);

    if (out.method == "PRI" && version == "HTTP/2.0") {
        out.http_2_preface = true;
        return bad_request("HTTP/2 is not spoken here");
    }
    if (version == "HTTP/1.0") out.http_1_0 = true;
    else if (version != "HTTP/1.1") return bad_request("malformed or unsupported HTTP version");
    if (const refusal refused = check_method(out.method)) return refused;
    if (out.target.size() > limits.target_bytes) return {414, "the request target is too long"};
    if (out.target.empty() || out.target.find(' ') != std::string_view::npos) return bad_request("malformed target");
    out.keep_alive = !out.http_1_0;
    return {};
}

/// The fields that may stand only once, where each of their values is kept. Anything else is ignored.
struct field_values {
    std::optional<std::string_view> transfer_encoding;
    std::optional<std::string_view> content_length;
    std::optional<std::string_view> expect;
};

refusal keep_once(std::optional<std::string_view>& slot, std::string_view value, std::string_view repeated)
{
    if (slot) return bad_request(repeated);
    slot = value;
    return {};
}

/// RFC 9110, 7.6.1: a comma-separated list of options; ours are close and keep-alive, and close wins.
void read_connection(std::string_view value, bool& close, bool& keep_alive) noexcept
{
    for_each_part(value, ',', [&](std::string_view element) {
        const std::string_view option = trimmed(element);
        if (equals_ignoring_case(option, "close")) close = true;
        else if (equals_ignoring_case(option, "keep-alive")) keep_alive = true;
        return true;
    });
}

refusal keep_field(std::string_view name, std::string_view value, request_head& out, field_values& values)
{
    const auto is = [name](std::string_view known) { return equals_ignoring_case(name, known); };
    if (is("host")) return keep_once(out.host, value, "repeated Host");
    if (is("content-length")) return keep_once(values.content_length, value, "repeated Content-Length");
    if (is("transfer-encoding")) return keep_once(values.transfer_encoding, value, "repeated Transfer-Encoding");
    if (is("content-type")) return keep_once(out.content_type, value, "repeated Content-Type");
    if (is("accept-encoding")) out.accepts_gzip = out.accepts_gzip || accepts_gzip(value);
    if (is("authorization")) return keep_once(out.authorization, value, "repeated Authorization");
    if (is("expect")) return keep_once(values.expect, value, "repeated Expect");
    if (is("origin")) return keep_once(out.origin, value, "repeated Origin");
    if (is("sec-fetch-site")) return keep_once(out.sec_fetch_site, value, "repeated Sec-Fetch-Site");
    if (is("x-request-id")) return keep_once(out.request_id, value, "repeated X-Request-Id");
    if (is("x-request-timeout")) return keep_once(out.request_timeout, value, "repeated X-Request-Timeout");
    return {};
}

refusal read_fields(std::string_view rest, const head_limits& limits, request_head& out, field_values& values)
{
    bool close = false;
    bool keep_alive = false;
    std::size_t count = 0;
    for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
        if (line.front() == ' ' || line.front() == '\t') return bad_request("folded header line");
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return bad_request("header line without a colon");
        const std::string_view name = line.substr(0, colon);
        if (name.empty() || !token_bytes.contains_all(name)) return bad_request("malformed header name");
        if (++count > limits.fields) return {431, "too many header fields"};
        const std::string_view value = trimmed(line.substr(colon + 1));
        if (equals_ignoring_case(name, "connection")) read_connection(value, close, keep_alive);
        else if (const refusal refused = keep_field(name, value, out, values)) return refused;
    }
    out.keep_alive = !close && (keep_alive || !out.http_1_0);
    return {};
}

/// How long the body is must have exactly one reading (RFC 9112, 6.3).
refusal decide_body(const field_values& values, request_head& out)
{
    if (values.transfer_encoding) {
        if (values.content_length) return bad_request("both Transfer-Encoding and Content-Length");
        if (out.http_1_0) return bad_request("Transfer-Encoding in HTTP/1.0");
        if (!equals_ignoring_case(*values.transfer_encoding, "chunked")) return {501, "unknown transfer coding"};
        out.chunked = true;
    } else if (values.content_length) {
        out.content_length = whole_number<std::uint64_t>(*values.content_length);
        if (!out.content_length) return bad_request("malformed Content-Length");
    }
    if (out.has_body() && (out.method == "GET" || out.method == "HEAD")) {
        return bad_request("a body on GET or HEAD has no meaning");
    }
    return {};
}

}  // namespace

head_scanner::state head_scanner::scan(std::string_view bytes) noexcept
{
    while (seen_ < bytes.size()) {
        const char c = bytes[seen_];
        if (after_cr_) {
            if (c != '\n') return state::malformed;
            ++seen_;
            after_cr_ = false;
            if (line_length_ == 0) return state::complete;
            line_length_ = 0;
            continue;
        }
        if (c == '\r') after_cr_ = true;
        else if (static_cast<unsigned char>(c) < 0x20 ? c != '\t' : c == 0x7f) return state::malformed;
        else ++line_length_;
        // A request line begins with a token: neither an empty line nor the first byte of a TLS handshake.
        if (seen_ == 0 && !token_bytes.contains(c)) return state::malformed;
        ++seen_;
    }
    return state::incomplete;
}

chunk_scanner::state chunk_scanner::scan(std::string_view bytes, std::size_t& used) noexcept
{
    used = 0;
    while (used < bytes.size()) {
        if (part_ == part::data) {
            const std::size_t taken = std::min<std::uint64_t>(chunk_left_, bytes.size() - used);
            used += taken;
            chunk_left_ -= taken;
            if (chunk_left_ == 0) part_ = part::data_cr;
            continue;
        }
        const bool last = part_ == part::end_lf;
        const auto following = next(bytes[used]);
        if (!following) return state::malformed;
        part_ = *following;
        ++used;
        if (last) return state::complete;
    }
    return state::incomplete;
}

std::optional<chunk_scanner::part> chunk_scanner::next(char byte) noexcept
{
    const bool is_text = static_cast<unsigned char>(byte) >= 0x20 ? byte != 0x7f : byte == '\t';
    const auto expect = [byte](char wanted, part then) { return byte == wanted ? std::optional(then) : std::nullopt; };
    switch (part_) {
        case part::size:
            if (const int digit = hex_value(byte); digit >= 0) {
                if (++digits_ > longest_chunk_size) return std::nullopt;
                chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(digit);
                return part::size;
            }
            if (digits_ == 0) return std::nullopt;
            line_length_ = 0;
            if (byte == ';') return part::extension;
            return expect('\r', part::size_lf);
        case part::extension:
            if (byte == '\r') return part::size_lf;
            if (!is_text || ++line_length_ > longest_extension) return std::nullopt;
            return part::extension;
        case part::size_lf:
            digits_ = 0;
            line_length_ = 0;
            return expect('\n', chunk_left_ == 0 ? part::trailer_name : part::data);
        case part::data: break;
        case part::data_cr: return expect('\r', part::data_lf);
        case part::data_lf: return expect('\n', part::size);
        case part::trailer_name:
            if (++trailer_length_ > longest_trailer) return std::nullopt;
            if (line_length_ == 0 && byte == '\r') return part::end_lf;
            if (line_length_ > 0 && byte == ':') return part::trailer_value;
            ++line_length_;
            return token_bytes.contains(byte) ? std::optional(part::trailer_name) : std::nullopt;
        case part::trailer_value:
            if (++trailer_length_ > longest_trailer) return std::nullopt;
            if (byte == '\r') return part::trailer_lf;
            return is_text ? std::optional(part::trailer_value) : std::nullopt;
        case part::trailer_lf: line_length_ = 0; return expect('\n', part::trailer_name);
        case part::end_lf: return expect('\n', part::end_lf);
    }
    return std::nullopt;
}

refusal parse_head(std::string_view bytes, const head_limits& limits, request_head& out)
{
    std::string_view rest = bytes;
    if (const refusal refused = read_request_line(take_line(rest), limits, out)) return refused;
    field_values values;
    if (const refusal refused = read_fields(rest, limits, out, values)) return refused;
    if (out.host ? out.host->empty() : !out.http_1_0) return bad_request("missing or empty Host");
    if (const refusal refused = decide_body(values, out)) return refused;
    // RFC 9110, 10.1.1: an HTTP/1.0 client cannot have meant it.
    if (values.expect && !out.http_1_0) {
        if (!equals_ignoring_case(*values.expect, "100-continue")) return {417, "unsupported Expect"};
        out.expects_continue = true;
    }
    return {};
}

}  // namespace nodescope::http
