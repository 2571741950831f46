#include "server/cli/json_value.hpp"

#include "core/json/reader.hpp"

#include <charconv>
#include <utility>

namespace nodescope::cli {

json_value json_value::of_document(std::string_view text)
{
    const auto document = json_document(text);
    return document ? json_value(*document) : json_value();
}

json_value json_value::operator[](std::string_view key) const
{
    if (!text_.starts_with('{')) return {};
    const auto member = json_member(text_, key);
    return member ? json_value(*member) : json_value();
}

json_value json_value::at(std::string_view path) const
{
    json_value found = *this;
    while (!path.empty()) {
        const std::size_t end = path.find('/');
        found = found[path.substr(0, end)];
        path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    }
    return found;
}

json_value::operator bool() const noexcept { return !text_.empty() && text_ != "null"; }

std::string json_value::text() const
{
    if (!*this || text_.starts_with('{') || text_.starts_with('[')) return {};
    if (!text_.starts_with('"')) return std::string(text_);
    auto decoded = decode_json_string(text_);
    return decoded ? std::move(*decoded) : std::string();
}

std::optional<double> json_value::number() const
{
    double value = 0;
    const auto [end, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (failed != std::errc() || end != text_.data() + text_.size()) return std::nullopt;
    return value;
}

std::uint64_t json_value::count() const
{
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    return failed == std::errc() && end == text_.data() + text_.size() ? value : 0;
}

std::vector<json_value> json_value::elements() const
{
    std::vector<json_value> all;
    if (!text_.starts_with('[')) return all;
    const auto read = for_each_json_element(text_, [&](std::string_view one) { all.push_back(json_value(one)); });
    if (!read) all.clear();
    return all;
}

std::vector<std::string> json_value::texts() const
{
    std::vector<std::string> all;
    for (const json_value& one : elements()) all.push_back(one.text());
    return all;
}

void json_value::for_each_member(const std::function<void(std::string_view, json_value)>& visit) const
{
    if (!text_.starts_with('{')) return;
    (void)for_each_json_member(text_,
                               [&](std::string_view key, std::string_view value) { visit(key, json_value(value)); });
}

}  // namespace nodescope::cli
