// JSON as Go's encoding/json spells it, for answers that clients of cAdvisor compare or parse (contract: cAdvisor REST
// API, 1.5): appended to a string piece by piece, in the order written, with no tree in between and no allocation but
// the string's own.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::api {

/// Appends `text` as a JSON string with its quotes. Besides what RFC 8259 asks for, `<`, `>`, `&`, U+2028 and U+2029
/// are escaped, as are DEL and C1 (operations.md O1; to a reader the same text). Each byte that is not UTF-8 is \ufffd.
void append_go_string(std::string& out, std::string_view text);

/// Shortest text that reads back to the same value; an exponent below 1e-6 and from 1e21 on. A value that JSON cannot
/// say (NaN, infinity) is null.
void append_go_float(std::string& out, double value);
/// The same for a value that is a float in Go, whose shortest text has fewer digits.
void append_go_float(std::string& out, float value);

/// Appends one value, or one after the other as a line each, and sets the commas: each call that begins a value looks
/// at what stands before it. Keys and values must alternate as JSON wants them; that is the caller's to keep.
class go_json {
public:
    using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;
    enum class zone { utc, local };

    /// `out` outlives the writer; what it holds already is kept.
    explicit go_json(std::string& out) noexcept : out_(out) {}

    void begin_object() { begin_value(), out_ += '{'; }
    void end_object() { out_ += '}'; }
    void begin_array() { begin_value(), out_ += '['; }
    void end_array() { out_ += ']'; }

    /// A key of ours: written as it is.
    void key(std::string_view name);
    /// A key from outside, escaped as a string.
    void map_key(std::string_view name);

    void value(std::string_view text) { begin_value(), append_go_string(out_, text); }
    void value(double number) { begin_value(), append_go_float(out_, number); }
    void value(float number) { begin_value(), append_go_float(out_, number); }
    template <std::integral Number>
    void value(Number number)
    {
        begin_value();
        if constexpr (std::same_as<Number, bool>) out_ += number ? "true" : "false";
        else if constexpr (std::signed_integral<Number>) append_signed(number);
        else append_unsigned(number);
    }
    void null() { raw("null"); }
    /// A value that is JSON text already.
    void raw(std::string_view json) { begin_value(), out_ += json; }
    /// RFC 3339 with as many digits of fraction as there are; "0001-01-01T00:00:00Z" for a time that is not known.
    /// The local zone is the process's, `Z` when that is UTC.
    void time(const std::optional<time_point>& when, zone shown = zone::local);

    template <class Value>
    void member(std::string_view name, const Value& what)
    {
        key(name);
        value(what);
    }
    /// The members that are left out when they say nothing.
    template <class Value>
    void member_unless_empty(std::string_view name, const Value& what)
    {
        if (what != Value()) member(name, what);
    }
    void time_member(std::string_view name, const std::optional<time_point>& when, zone shown = zone::local)
    {
        key(name);
        time(when, shown);
    }

private:
    void begin_value();
    void append_signed(std::int64_t number);
    void append_unsigned(std::uint64_t number);
    void prepare_minute(std::chrono::sys_time<std::chrono::minutes> minute, zone shown);

    std::string& out_;
    // The times of an answer are mostly of the same few minutes: what stands before and behind the seconds is kept.
    std::optional<std::chrono::sys_time<std::chrono::minutes>> minute_;
    zone minute_zone_ = zone::utc;
    std::string before_seconds_;
    std::string after_fraction_;
};

}  // namespace nodescope::api
