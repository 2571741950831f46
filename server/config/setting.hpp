// One setting as the command line, the environment and the configuration file know it, and the kinds of them.
#pragma once

#include "core/error.hpp"
#include "core/text.hpp"
#include "server/config/config.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace nodescope {

struct setting_definition {
    enum class shape { value, list, flag };

    std::string key;    ///< "timeout-docker": --timeout-docker, NODESCOPE_TIMEOUT_DOCKER
    std::string about;  ///< the line of --help
    std::string form;   ///< what a value looks like, for --help: "DURATION"
    shape kind = shape::value;
    bool reloadable = false;   ///< a running service takes over a change (SIGHUP)
    std::string group;         ///< the heading that it stands under
    std::string default_text;  ///< as it would be given; "[a,b]" for a list; empty: nothing, or found out at the start

    /// Puts the texts that were given into the configuration; failure::invalid says why they cannot be.
    std::function<result<void>(configuration&, const std::vector<std::string>& given)> assign;
    /// How a running service takes it over: from a fresh configuration into its own.
    std::function<void(configuration& to, configuration& from)> copy;
};

/// All of them, in the order of --help. The only list: what can be set stands in it, and says whether it is [reload].
const std::vector<setting_definition>& setting_definitions();

// The kinds. `where` gives the member that a setting is kept in.
template <class T>
using place = T& (*)(configuration&);

setting_definition text(std::string key, place<std::string> where, std::string about);
setting_definition list(std::string key, place<std::vector<std::string>> where, std::string about);
setting_definition user_ids(std::string key, place<std::vector<uid_t>> where, std::string about);
/// Without a value it is true.
setting_definition flag(std::string key, place<bool> where, std::string about);
setting_definition duration(std::string key, place<std::chrono::milliseconds> where, std::string about);
setting_definition number(std::string key, place<std::size_t> where, std::size_t least, std::size_t most,
                          std::string about);
/// A number of bytes, with KiB or MiB behind it or nothing.
setting_definition bytes(std::string key, place<std::size_t> where, std::string about, std::size_t least = 0,
                         std::size_t most = std::numeric_limits<std::size_t>::max());
/// One of `words`.
setting_definition choice(std::string key, place<std::string> where, std::vector<std::string> words, std::string about);
/// Any of `words`.
setting_definition choices(std::string key, place<std::vector<std::string>> where, std::vector<std::string> words,
                           std::string about);

/// What the kinds have in common. `parse` makes a result<T> of the texts that were given.
template <class T, class Parse>
setting_definition setting_of(std::string key, place<T> where, std::string form, std::string default_text,
                              std::string about, Parse parse,
                              setting_definition::shape kind = setting_definition::shape::value)
{
    setting_definition made;
    made.key = std::move(key);
    made.about = std::move(about);
    made.form = std::move(form);
    made.default_text = std::move(default_text);
    made.kind = kind;
    made.assign = [where, parse](configuration& to, const std::vector<std::string>& given) -> result<void> {
        auto value = parse(given);
        if (!value) return value.error();
        where(to) = std::move(*value);
        return {};
    };
    made.copy = [where](configuration& to, configuration& from) { where(to) = where(from); };
    return made;
}

/// The place of a word among `words`; failure::invalid names them all.
result<std::size_t> place_of_word(const std::string& word, const std::vector<std::string>& words);

/// One of the words, each of which means a value of T.
template <class T>
setting_definition mapped(std::string key, place<T> where, std::vector<std::string> words, std::vector<T> meanings,
                          std::string default_text, std::string about)
{
    std::string form = fmt::format("TEXT:{{{}}}", joined(words, ","));
    return setting_of(std::move(key), where, std::move(form), std::move(default_text), std::move(about),
                      [words, meanings](const std::vector<std::string>& given) -> result<T> {
                          const auto found = place_of_word(given.front(), words);
                          if (!found) return found.error();
                          return meanings[*found];
                      });
}

}  // namespace nodescope
