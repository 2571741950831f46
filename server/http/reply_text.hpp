// The bytes of an answer's head.
#pragma once

#include "server/http/message.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace nodescope::http {

struct reply_context {
    bool keep_alive = true;
    bool http_1_0 = false;        ///< such a client has to be told that the connection stays
    std::string_view request_id;  ///< already checked
    std::string_view date;
};

/// Appends status line, header and the empty line. A header of `answer` that could break out of its line (it holds a
/// control character) is left out: Beast's serializer would not stop it either.
void append_reply_head(std::string& out, const reply& answer, const reply_context& context);

/// The Date of answers, made once a second.
class date_text {
public:
    std::string_view now();

private:
    std::time_t second_ = 0;
    std::string text_;
};

/// What may be sent back and logged as the caller's own id.
bool is_request_id(std::string_view text) noexcept;

}  // namespace nodescope::http
