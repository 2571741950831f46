#include "server/cli/collect.hpp"

#include "core/json/writer.hpp"
#include "server/cli/json_value.hpp"

#include <fmt/format.h>

#include <optional>

#include <unistd.h>

namespace nodescope::cli {

result<std::string> parameters_json(const std::vector<std::string>& pairs)
{
    std::string out;
    json_writer json(out);
    std::optional<std::string> wrong;
    json.object([&] {
        for (const std::string& one : pairs) {
            const std::size_t at = one.find('=');
            if (at == std::string::npos || at == 0) wrong = one;
            else json.map_key(one.substr(0, at)), json.value(std::string_view(one).substr(at + 1));
        }
    });
    if (!wrong) return out;
    return error(failure::invalid, fmt::format("\"{}\" is not KEY=VALUE", *wrong));
}

std::string unwrapped(std::string_view answer)
{
    const json_value document = json_value::of_document(answer);
    if (!document.raw().starts_with('{')) return std::string(answer);
    std::string out;
    std::size_t members = 0;
    document.for_each_member([&](std::string_view, const json_value&) { ++members; });
    document.for_each_member([&](std::string_view key, const json_value& value) {
        if (members > 1) out += fmt::format("==> {} <==\n", key);
        out += value.raw().starts_with('"') ? value.text() : std::string(value.raw());
        if (!out.ends_with('\n')) out += '\n';
    });
    return out;
}

std::vector<command_argument> collect::arguments()
{
    std::vector<command_argument> all{
        {"processor", &processor, "its name, as in POST /processor/NAME", true, {}},
        {"parameters", &parameters, "KEY=VALUE each: id=web", false, {}},
    };
    for (command_argument& one : how.arguments()) all.push_back(std::move(one));
    return all;
}

int collect::run(const command_context& with) const
{
    const auto body = parameters_json(parameters);
    if (!body) return fail(body.error().message());
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    const auto got = blocking_body(**from, "/processor/" + query_value(processor), *body);
    if (!got) return fail(got.error().message()), (*from)->leave(1);
    const std::string text = how.json ? *got : unwrapped(*got);
    const int code = print(as_shown(text, ::isatty(STDOUT_FILENO) == 1));
    return (*from)->leave(code);
}

}  // namespace nodescope::cli
