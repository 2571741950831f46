// The query part of a target, as Go's url.ParseQuery reads it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::api {

class url_query {
public:
    url_query() = default;
    /// `encoded` is what stands behind '?', its escapes already checked. Pairs are separated by '&' or ';'; '+' is a
    /// blank.
    explicit url_query(std::string_view encoded);

    /// The first value of that name, empty when there is none: to cAdvisor that is the same.
    [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
    /// Whether there is one of that name, with a value or without.
    [[nodiscard]] bool has(std::string_view name) const noexcept;
    /// All, in their order.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return pairs_; }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace nodescope::api
