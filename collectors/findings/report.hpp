// All rules over one namespace.
#pragma once

#include "collectors/findings/finding.hpp"
#include "collectors/findings/network_model.hpp"
#include "collectors/findings/rules.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::findings {

/// Which rules are asked.
struct rule_choice {
    rule_choice() = default;
    std::vector<std::string> off;     ///< by name
    severity least = severity::info;  ///< none whose findings weigh less
    [[nodiscard]] bool is_off(const rule& which) const;
    [[nodiscard]] bool asks(const rule& which) const;
};

/// The bits of model_input that the rules which are asked look at.
unsigned needed_inputs(const rule_choice& choice);

struct report {
    std::vector<finding> findings;
    std::vector<std::string_view> checked;                              ///< the rules that ran
    std::vector<std::pair<std::string_view, std::string>> not_checked;  ///< and why the others did not
    std::vector<std::pair<std::string_view, std::size_t>> left_out;     ///< findings beyond the limit of a rule
    /// By the name of a rule or of what it looks at: what has not been looked at.
    std::vector<std::pair<std::string, std::string>> notes;
};

/// What the rules that are asked look at: bits of model_input.
unsigned needed_inputs(const rule_choice& choice);

report check(const network_model& model, const rule_choice& choice);

}  // namespace nodescope::findings
