// What a rule says of a network: one thing that is wrong with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nodescope::findings {

/// In the order of their weight.
enum class severity { info, warning, error };

constexpr std::string_view to_string(severity of) noexcept
{
    switch (of) {
        case severity::info: return "info";
        case severity::warning: return "warning";
        case severity::error: return "error";
    }
    return "";
}

/// "info", "warning", "error".
constexpr std::optional<severity> severity_called(std::string_view word) noexcept
{
    for (const severity one : {severity::info, severity::warning, severity::error}) {
        if (to_string(one) == word) return one;
    }
    return std::nullopt;
}

/// What the rule has seen, in the order in which it is told. Keys are the rule's, values may come from the namespace.
class evidence {
public:
    using value = std::variant<std::string, std::uint64_t>;
    evidence& add(std::string_view key, std::string text) { return entries_.emplace_back(key, std::move(text)), *this; }
    evidence& add(std::string_view key, std::uint64_t number) { return entries_.emplace_back(key, number), *this; }
    [[nodiscard]] const std::vector<std::pair<std::string_view, value>>& entries() const noexcept { return entries_; }

private:
    std::vector<std::pair<std::string_view, value>> entries_;
};

/// A container as far as a finding names it.
struct named_container {
    std::string id;
    std::string name;
    std::string runtime;
};

/// What is wrong: a link, or the whole namespace where `ifname` is empty.
struct subject {
    std::uint64_t netns = 0;  ///< the inode; 0: that of the namespace that is looked at
    std::string ifname;
    std::optional<named_container> container;  ///< whose namespace it is
};

struct finding {
    subject about;
    std::string summary;  ///< one sentence
    evidence seen;
    // The rule's, which check() fills in.
    std::string_view rule;
    severity weight = severity::warning;
    std::string_view hint;  ///< what to do
};

/// The findings of one rule, a bounded number of them.
class finding_list {
public:
    static constexpr std::size_t most = 100;
    void add(finding one)
    {
        if (items_.size() < most) items_.push_back(std::move(one));
        else ++left_out_;
    }
    [[nodiscard]] std::vector<finding>& items() noexcept { return items_; }
    [[nodiscard]] const std::vector<finding>& items() const noexcept { return items_; }
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }

private:
    std::vector<finding> items_;
    std::size_t left_out_ = 0;
};

}  // namespace nodescope::findings
