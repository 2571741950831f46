#include "core/log.hpp"

#include "core/append_formatted.hpp"
#include "core/byte_scan.hpp"
#include "core/json/writer.hpp"
#include "core/rfc3339.hpp"
#include "core/text.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
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

/// "2026-11-21T02:00:56.174Z", valid until the thread's next call. The access log writes a line for each request, so
/// the part that changes once a second is kept.
std::string_view timestamp()
{
    using namespace std::chrono;
    thread_local seconds known{-1};
    thread_local std::string text;
    const auto now = time_point_cast<milliseconds>(system_clock::now());
    const auto second = floor<seconds>(now.time_since_epoch());
    if (second != known) {
        known = second;
        text = date_and_time(sys_seconds(second)) + ".000Z";
    }
    auto rest = (now.time_since_epoch() - second).count();
    for (std::size_t place = text.size() - 2; text[place] != '.'; --place, rest /= 10) {
        text[place] = static_cast<char>('0' + rest % 10);
    }
    return text;
}

/// Room for an access line without growing.
constexpr std::size_t usual_line = 384;

struct json_value {
    json_writer& json;
    void operator()(std::string_view text) const
    {
        // Most values have nothing to escape and nothing to cut: looking costs less than copying them to find out.
        const bool as_it_is =
            text.size() <= logger::field_limit && byte_scan::run(text, byte_scan::not_plain_json_marks) == text.size();
        if (as_it_is) json.plain_value(text);
        else json.value(escape_untrusted(text, logger::field_limit));
    }
    void operator()(auto value) const { json.value(value); }
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
    void operator()(auto value) const { append_formatted(out, "{}", value); }
};

std::string render_json(log_level level, std::string_view message, std::initializer_list<log_field> fields,
                        std::int64_t repeated)
{
    std::string line;
    line.reserve(usual_line);
    json_writer json(line);
    json.object([&] {
        json.member("time", timestamp());
        json.member("level", level_name(level));
        json.member("message", message);
        for (const log_field& field : fields) {
            json.key(field.key);
            std::visit(json_value{json}, field.value);
        }
        if (repeated > 0) json.member("repeated", repeated);
    });
    return line;
}

std::string render_text(log_level level, std::string_view message, std::initializer_list<log_field> fields,
                        std::int64_t repeated)
{
    std::string line;
    line.reserve(usual_line);
    line += timestamp();
    append_formatted(line, " {:7} {}", level_name(level), message);
    for (const log_field& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        std::visit(text_value{line}, field.value);
    }
    if (repeated > 0) append_formatted(line, " repeated={}", repeated);
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

    /// How many lines were dropped before this one, or -1 when this one is to be dropped too.
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
