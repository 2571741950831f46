// Structured log lines: one event, one line, as JSON or as text. Values from outside are escaped and cut; a message
// repeated too often is counted instead of written.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace nodescope {

enum class log_level { debug, info, warning, error };
enum class log_format { text, json };

struct log_field {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, double, bool> value;

    log_field(std::string_view k, std::string_view v) : key(k), value(v) {}
    log_field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    log_field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) log_field(std::string_view k, Integer v)
        : key(k), value(static_cast<std::int64_t>(v))
    {
    }
    log_field(std::string_view k, double v) : key(k), value(v) {}
    log_field(std::string_view k, bool v) : key(k), value(v) {}
};

/// Thread-safe. Writes to standard error (the journal, or the container's log) through spdlog.
class logger {
public:
    logger(log_level threshold, log_format format);
    /// For tests: lines go to `sink`, without the newline.
    logger(log_level threshold, log_format format, std::function<void(std::string_view)> sink);
    logger(const logger&) = delete;
    logger& operator=(const logger&) = delete;
    ~logger();

    /// `message` and the keys are plain constants of ours; what varies goes into the values of `fields`. Repeats of the
    /// same message beyond `repeat_limit` in `repeat_window` are dropped, and the next line written carries their
    /// number as "repeated".
    void write(log_level level, std::string_view message, std::initializer_list<log_field> fields = {});

    /// Never dropped: for the access log, whose lines must equal the requests.
    void write_always(log_level level, std::string_view message, std::initializer_list<log_field> fields);

    /// From the next line on.
    void set_threshold(log_level threshold) noexcept;
    [[nodiscard]] bool enabled(log_level level) const noexcept;

    /// From now on lines of write_always() are held until flush(); `ask_for_flush` is called when the first one is
    /// held, so that a loop that answers many requests in one turn writes their lines together. What is held is written
    /// early before any other line, and when it exceeds `held_limit` bytes.
    void hold(std::function<void()> ask_for_flush);
    void flush();

    static constexpr std::size_t held_limit = 32UL * 1024UL;
    /// Of one message.
    static constexpr int repeat_limit = 10;
    static constexpr std::chrono::seconds repeat_window{10};
    /// Longest value of one field, in bytes after escaping.
    static constexpr std::size_t field_limit = 1024;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace nodescope
