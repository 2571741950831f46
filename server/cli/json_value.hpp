// One value of a JSON text, read where it lies: for commands that make a table of an answer. Built on core/json/reader;
// what is not there, or of another kind than asked for, is empty.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cli {

/// Points into the text, which lives longer.
class json_value {
public:
    json_value() = default;
    /// What is no JSON is the value that is not there.
    static json_value of_document(std::string_view text);

    /// A member of an object.
    json_value operator[](std::string_view key) const;
    /// "a/b/c": a member of a member.
    [[nodiscard]] json_value at(std::string_view path) const;
    /// It is there, and not null.
    explicit operator bool() const noexcept;
    [[nodiscard]] std::string_view raw() const noexcept { return text_; }

    /// Of a string; of a number or a boolean how it is written.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::optional<double> number() const;
    [[nodiscard]] std::uint64_t count() const;  ///< 0 for anything but a whole number that is not negative
    [[nodiscard]] bool is_true() const noexcept { return text_ == "true"; }
    [[nodiscard]] std::vector<json_value> elements() const;
    [[nodiscard]] std::vector<std::string> texts() const;  ///< of a list of strings
    void for_each_member(const std::function<void(std::string_view, json_value)>& visit) const;

private:
    explicit json_value(std::string_view text) : text_(text) {}
    std::string_view text_;
};

}  // namespace nodescope::cli
