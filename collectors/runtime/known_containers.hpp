// What was last heard and proved of containers: which process each is, and what callers called it. Nothing here is
// believed without a proof: whoever uses it asks the kernel again. Bounded: the least recently used goes first.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

struct known_container {
    known_container() = default;
    std::string id;  ///< full
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;           ///< of that process, since boot
    std::string name;                        ///< empty where no runtime has said it
    std::string runtime;                     ///< that has it; empty where none has said so
    std::string started_at;                  ///< as the runtime wrote it
    std::string low_level_runtime;           ///< container::low_level_runtime
    std::string network_file;                ///< container::network_file
    steady_clock::time_point heard{};        ///< when a runtime was last asked for the name, and answered or failed
    std::optional<error> last_failure = {};  ///< what it failed with then
};

class known_containers {
public:
    [[nodiscard]] known_container* find(std::string_view id);
    /// Of what has no place here (a text longer than text_limit) nothing is kept.
    void keep(known_container one);
    /// Its names are forgotten with it.
    void forget(std::string_view id);
    /// It is no longer that process. What it is called stays.
    void forget_process(std::string_view id);

    /// What a caller's word for a container (a name, the beginning of an id, a pod) was last heard to mean.
    struct meaning {
        std::string id;
        steady_clock::time_point heard{};
    };
    [[nodiscard]] const meaning* meaning_of(std::string_view word);
    void mean(std::string_view word, std::string_view id, steady_clock::time_point now);
    void forget_word(std::string_view word);

    /// All of them, in the order of their ids; that is no use of them.
    [[nodiscard]] std::vector<known_container> all() const;

    [[nodiscard]] std::size_t size() const noexcept { return containers_.size(); }
    [[nodiscard]] std::size_t words() const noexcept { return words_.size(); }

    /// More than run on a node. With text_limit, all of them take less than 2 MB, and the words less than 4.
    static constexpr std::size_t container_limit = 1024;
    static constexpr std::size_t word_limit = 2048;
    static constexpr std::size_t text_limit = 1024;

private:
    template <class Value>
    struct kept {
        Value value;
        std::uint64_t used = 0;
    };
    template <class Value>
    using table = std::map<std::string, kept<Value>, std::less<>>;

    template <class Value>
    void make_room(table<Value>& in, std::size_t limit);

    table<known_container> containers_;
    table<meaning> words_;
    std::uint64_t uses_ = 0;
};

}  // namespace nodescope
