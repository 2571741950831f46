#include "core/log.hpp"

#include "core/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <ctime>
#include <iterator>
#include <map>
#include <mutex>

namespace nodescope {

namespace {

std::string_view level_name(log_level level) noexcept
{
    switch (level) {
        case log_level::debug: return "debug";
        case log_level::info: return "info";
        case log_level::warning: return "warning";
        case log_level::error: return "error";
    }
    return "unknown";
}

void append_number(std::string& out, auto number)
{
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// "2026-11-21T02:00:56.174Z", appended. The access log writes a line for each request, so the part that changes once
/// a second is kept.
void append_timestamp(std::string& line)
{
    using namespace std::chrono;
    thread_local seconds known{-1};
    thread_local std::string prefix;
    const auto now = time_point_cast<milliseconds>(system_clock::now());
    const auto second = floor<seconds>(now.time_since_epoch());
    if (second != known) {
        known = second;
        prefix = fmt::format("{:%FT%T}", fmt::gmtime(static_cast<std::time_t>(second.count())));
    }
    line += prefix;
    const auto milliseconds_of_second = (now.time_since_epoch() - second).count();
    line += milliseconds_of_second < 10 ? ".00" : milliseconds_of_second < 100 ? ".0" : ".";
    append_number(line, milliseconds_of_second);
    line += 'Z';
}

/// Most values need neither escaping nor cutting.
bool is_plain(std::string_view text) noexcept
{
    return text.size() <= logger::field_limit &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void append_quoted(std::string& out, std::string_view plain)
{
    out += '"';
    out += plain;
    out += '"';
}

/// Room for an access line without growing.
constexpr std::size_t usual_line = 384;

struct json_value {
    std::string& out;
    void operator()(std::string_view text) const
    {
        if (is_plain(text)) append_quoted(out, text);
        else append_json_string(out, escape_untrusted(text, logger::field_limit));
    }
    void operator()(std::int64_t number) const { append_number(out, number); }
    void operator()(double number) const { append_number(out, number); }
    void operator()(bool truth) const { out += truth ? "true" : "false"; }
};

struct text_value {
    std::string& out;
    void operator()(std::string_view text) const
    {
        const std::string safe = escape_untrusted(text, logger::field_limit);
        const bool bare = !safe.empty() && safe.find_first_of(" \"=") == std::string::npos;
        if (bare) out += safe;
        else append_json_string(out, safe);
    }
    template <class Other>
    void operator()(Other value) const
    {
        json_value{out}(value);
    }
};

std::string render_json(log_level level, std::string_view message, std::initializer_list<log_field> fields,
                        std::int64_t repeated)
{
    std::string line;
    line.reserve(usual_line);
    line += R"({"time":")";
    append_timestamp(line);
    line += R"(","level":")";
    line += level_name(level);
    line += R"(","message":)";
    append_quoted(line, message);
    for (const log_field& field : fields) {
        line += ',';
        append_quoted(line, field.key);
        line += ':';
        std::visit(json_value{line}, field.value);
    }
    if (repeated > 0) fmt::format_to(std::back_inserter(line), ",\"repeated\":{}", repeated);
    line += '}';
    return line;
}

std::string render_text(log_level level, std::string_view message, std::initializer_list<log_field> fields,
                        std::int64_t repeated)
{
    std::string line;
    line.reserve(usual_line);
    append_timestamp(line);
    fmt::format_to(std::back_inserter(line), " {:7} {}", level_name(level), message);
    for (const log_field& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        std::visit(text_value{line}, field.value);
    }
    if (repeated > 0) fmt::format_to(std::back_inserter(line), " repeated={}", repeated);
    return line;
}

}  // namespace

struct logger::impl {
    struct repeat_count {
        std::chrono::steady_clock::time_point window_start;
        int in_window = 0;
        std::int64_t dropped = 0;
    };

    std::atomic<log_level> threshold{log_level::info};
    log_format format = log_format::text;
    std::function<void(std::string_view)> sink;
    std::mutex mutex;
    // Keyed by our own constant messages: bounded by the number of log statements in the program.
    std::map<std::string, repeat_count, std::less<>> repeats;
    std::function<void()> ask_for_flush;
    std::string held;

    /// The number of lines dropped before this one, or -1 when this one is to be dropped too.
    std::int64_t admit(std::string_view message)
    {
        const auto now = std::chrono::steady_clock::now();
        const std::lock_guard lock(mutex);
        auto found = repeats.find(message);
        if (found == repeats.end()) found = repeats.emplace(std::string(message), repeat_count{}).first;
        repeat_count& count = found->second;
        if (now - count.window_start >= repeat_window) {
            count.window_start = now;
            count.in_window = 0;
        }
        if (count.in_window >= repeat_limit) {
            ++count.dropped;
            return -1;
        }
        ++count.in_window;
        return std::exchange(count.dropped, 0);
    }

    [[nodiscard]] std::string render(log_level level, std::string_view message, std::initializer_list<log_field> fields,
                                     std::int64_t repeated) const
    {
        return format == log_format::json ? render_json(level, message, fields, repeated)
                                          : render_text(level, message, fields, repeated);
    }

    /// Under the mutex, so that lines keep their order.
    void write_held()
    {
        if (held.empty()) return;
        sink(held);
        held.clear();
    }
};

logger::logger(log_level threshold, log_format format)
    : logger(threshold, format, [to = [] {
                 auto stream =
                     std::make_shared<spdlog::logger>("nodescope", std::make_shared<spdlog::sinks::stderr_sink_mt>());
                 stream->set_pattern("%v");
                 stream->set_level(spdlog::level::trace);
                 stream->flush_on(spdlog::level::trace);
                 return stream;
             }()](std::string_view line) { to->info(line); })
{
}

logger::logger(log_level threshold, log_format format, std::function<void(std::string_view)> sink)
    : impl_(std::make_unique<impl>())
{
    impl_->threshold = threshold;
    impl_->format = format;
    impl_->sink = std::move(sink);
}

logger::~logger() { flush(); }

void logger::hold(std::function<void()> ask_for_flush)
{
    const std::lock_guard lock(impl_->mutex);
    impl_->ask_for_flush = std::move(ask_for_flush);
}

void logger::flush()
{
    const std::lock_guard lock(impl_->mutex);
    impl_->write_held();
}

void logger::set_threshold(log_level threshold) noexcept { impl_->threshold = threshold; }

bool logger::enabled(log_level level) const noexcept { return level >= impl_->threshold; }

void logger::write(log_level level, std::string_view message, std::initializer_list<log_field> fields)
{
    if (!enabled(level)) return;
    const std::int64_t repeated = impl_->admit(message);
    if (repeated < 0) return;
    const std::string line = impl_->render(level, message, fields, repeated);
    const std::lock_guard lock(impl_->mutex);
    impl_->write_held();
    impl_->sink(line);
}

void logger::write_always(log_level level, std::string_view message, std::initializer_list<log_field> fields)
{
    if (!enabled(level)) return;
    const std::string line = impl_->render(level, message, fields, 0);
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->ask_for_flush) {
        impl_->sink(line);
        return;
    }
    const bool first = impl_->held.empty();
    if (!first) impl_->held += '\n';
    impl_->held += line;
    if (impl_->held.size() > held_limit) impl_->write_held();
    else if (first) impl_->ask_for_flush();
}

}  // namespace nodescope
