#include "server/http/reply_text.hpp"

#include "core/append_formatted.hpp"
#include "core/ascii.hpp"

#include <array>
#include <ctime>

namespace nodescope::http {

namespace {

constexpr byte_set request_id_bytes = byte_set::alphanumeric_and("._-");
constexpr std::size_t longest_request_id = 64;

std::string_view reason_phrase(unsigned status) noexcept
{
    switch (status) {
        case 200: return "OK";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Status";
    }
}

bool is_header_value(std::string_view text) noexcept
{
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
}

void append_field(std::string& out, std::string_view name, std::string_view value)
{
    if (name.empty() || !is_header_value(name) || !is_header_value(value)) return;
    append_formatted(out, "{}: {}\r\n", name, value);
}

void append_content_type(std::string& out, std::string_view type)
{
    if (!is_header_value(type)) type = "application/octet-stream";
    out += "Content-Type: ";
    out += type;
    if (type.starts_with("text/") && type.find("charset=") == std::string_view::npos) out += "; charset=utf-8";
    out += "\r\n";
}

}  // namespace

void append_reply_head(std::string& out, const reply& answer, const reply_context& context)
{
    append_formatted(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status, reason_phrase(answer.status), context.date);
    // RFC 9110, 8.6 and 15.3.5: such an answer has no body and no length.
    if (answer.status != 204 && answer.status != 304) {
        if (!answer.content_type.empty()) append_content_type(out, answer.content_type);
        if (!answer.stream) append_formatted(out, "Content-Length: {}\r\n", answer.text().size());
        // HTTP/1.0 has no chunks: there the end of the connection is the end of the body.
        else if (!context.http_1_0) out += "Transfer-Encoding: chunked\r\n";
    }
    out += "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";
    append_field(out, "X-Request-Id", context.request_id);
    for (const auto& [name, value] : answer.headers) append_field(out, name, value);
    if (!context.keep_alive) out += "Connection: close\r\n";
    else if (context.http_1_0) out += "Connection: keep-alive\r\n";
    out += "\r\n";
}

std::string_view date_text::now()
{
    const std::time_t second = std::time(nullptr);
    if (second != second_ || text_.empty()) {
        second_ = second;
        std::tm parts{};
        ::gmtime_r(&second, &parts);
        // No part of the daemon sets LC_TIME: the names of days and months are those of RFC 9110, 5.6.7.
        std::array<char, sizeof("Sun, 06 Nov 1994 08:49:37 GMT")> text{};
        text_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %T GMT", &parts));
    }
    return text_;
}

bool is_request_id(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest_request_id && request_id_bytes.contains_all(text);
}

}  // namespace nodescope::http
