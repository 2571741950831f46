// JSON appended to a string piece by piece, in the order written: no tree in between, and no allocation except the
// string's own. The one place where JSON is written, and where strings and numbers become JSON.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope {

/// How a string is spelled where JSON leaves the choice.
enum class json_spelling {
    plain,  ///< as short as it can be
    go,     ///< as Go's encoding/json: `<`, `>`, `&`, U+2028, U+2029, backspace and form feed as \u and their number
};

/// Appends `bytes` as a JSON string with its quotes. Output is always valid UTF-8: `"`, `\` and C0 are escaped as RFC
/// 8259 asks, DEL and C1 as \u00XX, and each byte that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view bytes, json_spelling spelling = json_spelling::plain);
std::string json_string(std::string_view bytes);
/// What it takes without its quotes, at most, in either spelling.
std::size_t json_string_bytes(std::string_view bytes) noexcept;

/// Shortest text that reads back to the same value, as in JavaScript: an exponent below 1e-6 and from 1e21 on. A value
/// that JSON cannot say (NaN, infinity) is null. A float's text has fewer digits than a double's.
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, float value);
void append_json_number(std::string& out, std::int64_t value);
void append_json_number(std::string& out, std::uint64_t value);

/// Adds a member to `object`, which is complete and ends in its brace.
void append_json_member(std::string& object, std::string_view key, std::string_view value);

/// Appends one value, or several with a line each, and sets the commas: each call that begins a value looks at the byte
/// before it. The caller sees to it that keys and values alternate as JSON wants them.
class json_writer {
public:
    /// `out` outlives the writer; what it holds already is kept.
    explicit json_writer(std::string& out, json_spelling spelling = json_spelling::plain) noexcept
        : out_(out), spelling_(spelling)
    {
    }

    /// A key of ours: written as it is.
    void key(std::string_view name) { plain_value(name), out_ += ':'; }
    /// A key from outside, escaped as a string.
    void map_key(std::string_view name) { value(name), out_ += ':'; }

    /// A string of which nothing needs an escape.
    void plain_value(std::string_view text) { begin_value(), out_ += '"', out_ += text, out_ += '"'; }
    void value(std::string_view text) { begin_value(), append_json_string(out_, text, spelling_); }
    void value(const char* text) { value(std::string_view(text)); }
    template <class Number>
    requires std::integral<Number> || std::floating_point<Number>
    void value(Number number)
    {
        begin_value();
        if constexpr (std::same_as<Number, bool>) out_ += number ? "true" : "false";
        else if constexpr (std::floating_point<Number>) append_json_number(out_, number);
        else if constexpr (std::signed_integral<Number>) append_json_number(out_, std::int64_t{number});
        else append_json_number(out_, std::uint64_t{number});
    }
    /// What is not known is null.
    template <class Value>
    void value(const std::optional<Value>& what)
    {
        if (what) value(*what);
        else null();
    }
    void null() { raw("null"); }
    /// A value, or a row of members, that is JSON text already.
    void raw(std::string_view json) { begin_value(), out_ += json; }

    /// `members` writes what stands between the braces.
    template <std::invocable Members>
    void object(const Members& members)
    {
        begin_value(), out_ += '{';
        members();
        out_ += '}';
    }
    /// `elements` writes what stands between the brackets.
    template <std::invocable Elements>
    void array(const Elements& elements)
    {
        begin_value(), out_ += '[';
        elements();
        out_ += ']';
    }
    /// `element` writes one of `list`.
    template <class List, class Element>
    void array(const List& list, const Element& element)
    {
        array([&] {
            for (const auto& one : list) element(one);
        });
    }

    // The same as members of an object, under a key of ours.
    template <class Value>
    void member(std::string_view name, const Value& what)
    {
        key(name), value(what);
    }
    template <class Value>
    void member_unless_empty(std::string_view name, const Value& what)
    {
        if (what != Value()) member(name, what);
    }
    void raw_member(std::string_view name, std::string_view json) { key(name), raw(json); }
    template <std::invocable Members>
    void object_member(std::string_view name, const Members& members)
    {
        key(name), object(members);
    }
    template <class... Contents>
    void array_member(std::string_view name, const Contents&... contents)
    {
        key(name), array(contents...);
    }
    /// A list of objects: `members` writes those of one of `list`.
    template <class List, class Members>
    void objects_member(std::string_view name, const List& list, const Members& members)
    {
        array_member(name, list, [&](const auto& one) { object([&] { members(one); }); });
    }
    /// A list of plain values.
    template <class List>
    void list_member(std::string_view name, const List& list)
    {
        array_member(name, list, [this](const auto& one) { this->value(one); });
    }

private:
    /// No value ends in one of these bytes, so the last one tells whether this list has a value already.
    void begin_value()
    {
        if (out_.empty()) return;
        const char last = out_.back();
        if (last != '{' && last != '[' && last != ':' && last != '\n') out_ += ',';
    }

    std::string& out_;
    json_spelling spelling_;
};

}  // namespace nodescope
