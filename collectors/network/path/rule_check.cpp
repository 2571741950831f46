#include "collectors/network/path/rule_check.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <utility>

namespace nodescope::paths {

namespace {

enum class fits { no, perhaps, yes };

/// Chains that lead to chains.
constexpr int deepest = 16;
/// Rules that are looked at for one hook: chains that lead to one another may do it twice as often with each step.
constexpr std::size_t looked_at_limit = 200'000;
constexpr std::size_t translations_limit = 16;

fits both(fits a, fits b) { return std::min(a, b); }
fits is(bool found, bool negated) { return found != negated ? fits::yes : fits::no; }

bool is_link(std::string_view pattern, std::string_view name)
{
    if (pattern.ends_with('+') || pattern.ends_with('*'))
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == name;
}

fits link_fits(const std::optional<condition<std::string>>& asked, const std::string& name, bool is_known)
{
    if (!asked) return fits::yes;
    if (!is_known) return fits::perhaps;
    return is(!name.empty() && is_link(asked->what, name), asked->negated);
}

fits port_fits(const rule& one, const packet& what)
{
    if (one.ports.empty()) return fits::yes;
    if (what.port == 0) return fits::perhaps;
    const bool found = std::ranges::any_of(
        one.ports, [&](const auto& range) { return range.first <= what.port && what.port <= range.second; });
    return is(found, one.ports_negated);
}

fits rule_fits(const rule& one, const passing& at)
{
    const packet& what = at.what;
    // The first packet of a connection.
    if (one.only_known_connections || (one.only_local && !at.to_here)) return fits::no;
    fits found = one.asks_more ? fits::perhaps : fits::yes;
    if (one.destination) {
        found = both(found, is(one.destination->what.covers(what.family, what.destination), one.destination->negated));
    }
    if (one.source) {
        found = both(found, what.source ? is(one.source->what.covers(what.family, *what.source), one.source->negated)
                                        : fits::perhaps);
    }
    if (one.protocol) {
        found = both(
            found, what.protocol != 0 ? is(one.protocol->what == what.protocol, one.protocol->negated) : fits::perhaps);
    }
    found = both(found, port_fits(one, what));
    found = both(found, link_fits(one.input, at.input, at.hook != "output" && at.hook != "postrouting"));
    return both(found, link_fits(one.output, at.output, at.hook != "prerouting" && at.hook != "input"));
}

/// Something of the packet's own stands in it.
bool names_packet(const rule& one, const passing& at)
{
    const bool destination = one.destination && one.destination->what.length != 0;
    const bool input = one.input && !at.input.empty() && is_link(one.input->what, at.input);
    const bool output = one.output && !at.output.empty() && is_link(one.output->what, at.output);
    return destination || !one.ports.empty() || input || output;
}

quoted_rule quote(const rule_table& table, std::string_view hook, std::string_view text)
{
    quoted_rule made;
    made.hook = hook;
    made.program = table.program;
    made.table = table.name;
    made.text = escape_untrusted(text, quoted_bytes);
    return made;
}

/// What is met on the way through the chains of one table.
class visitor {
public:
    visitor(const rule_table& table, const passing& at) : table_(table), at_(at) {}
    virtual ~visitor() = default;
    visitor(const visitor&) = delete;
    visitor& operator=(const visitor&) = delete;

    /// From a chain with a hook.
    void begin(const chain& from)
    {
        if (walk(from, fits::yes, 0) == outcome::end) return;
        if (from.drops) fall_off(from);
    }

protected:
    enum class outcome { on, end };
    /// It fits, or may. `end`: nothing behind it is reached.
    virtual outcome meet(const rule& one, fits how) = 0;
    virtual void fall_off(const chain& /*from*/) {}

    const rule_table& table_;
    const passing& at_;

private:
    outcome walk(const chain& in, fits how, int depth)
    {
        if (depth > deepest) return outcome::on;
        for (const rule& one : in.rules) {
            if (++looked_at_ > looked_at_limit) return outcome::on;
            const fits fit = both(how, rule_fits(one, at_));
            if (fit == fits::no) continue;
            if (meet(one, fit) == outcome::end) return outcome::end;
            if (one.target == target_kind::back) {
                if (fit == how) return outcome::on;
                // What follows is reached only if it did not fit.
                how = fits::perhaps;
            }
            if (one.target != target_kind::jump && one.target != target_kind::go) continue;
            const auto found = table_.chains.find(one.chain);
            if (found == table_.chains.end()) continue;
            if (walk(found->second, fit, depth + 1) == outcome::end) return outcome::end;
            if (one.target == target_kind::go && fit == how) return outcome::on;
        }
        return outcome::on;
    }

    std::size_t looked_at_ = 0;
};

class translation_finder : public visitor {
public:
    translation_finder(const rule_table& table, const passing& at, translations& to) : visitor(table, at), to_(to) {}

private:
    outcome meet(const rule& one, fits how) override
    {
        if (one.target == target_kind::accept) return how == fits::yes ? outcome::end : outcome::on;
        if (one.target != target_kind::translate) return outcome::on;
        if (one.translation) add(one, how);
        else if (!to_.unclear) to_.unclear = quote(table_, at_.hook, one.text);
        return how == fits::yes ? outcome::end : outcome::on;
    }
    void add(const rule& one, fits how)
    {
        if (one.translation->family != at_.what.family || to_.found.size() == translations_limit) return;
        translation made;
        made.to = at_.what;
        made.to.destination = one.translation->address;
        if (one.translated_port) made.to.port = *one.translated_port;
        const bool known = std::ranges::any_of(to_.found, [&](const translation& other) {
            return other.to.destination == made.to.destination && other.to.port == made.to.port;
        });
        if (known) return;
        made.by = quote(table_, at_.hook, one.text);
        made.certain = how == fits::yes;
        to_.found.push_back(std::move(made));
    }

    translations& to_;
};

class rule_finder : public visitor {
public:
    rule_finder(const rule_table& table, const passing& at, hook_rules& to) : visitor(table, at), to_(to) {}

private:
    outcome meet(const rule& one, fits how) override
    {
        if (names_packet(one, at_) && to_.quoted.size() < quoted_limit) {
            quoted_rule made = quote(table_, at_.hook, one.text);
            const auto same = [&](const quoted_rule& other) {
                return other.text == made.text && other.table == made.table;
            };
            if (std::ranges::none_of(to_.quoted, same)) to_.quoted.push_back(std::move(made));
        }
        if (one.target == target_kind::drop && !to_.may_drop) to_.may_drop = quote(table_, at_.hook, one.text);
        const bool ends = one.target == target_kind::accept || one.target == target_kind::drop;
        return ends && how == fits::yes ? outcome::end : outcome::on;
    }
    void fall_off(const chain& /*from*/) override
    {
        if (!to_.may_drop) to_.may_drop = quote(table_, at_.hook, "policy drop");
    }

    hook_rules& to_;
};

}  // namespace

translations look_for_translation(std::span<const rule_table> tables, const passing& at)
{
    translations made;
    for (const rule_table& table : tables) {
        translation_finder finder(table, at, made);
        for (const auto& [name, one] : table.chains) {
            if (one.hook == at.hook) finder.begin(one);
        }
    }
    return made;
}

hook_rules look_at_hook(std::span<const rule_table> tables, const passing& at)
{
    hook_rules made;
    for (const rule_table& table : tables) {
        rule_finder finder(table, at, made);
        for (const auto& [name, one] : table.chains) {
            if (one.hook == at.hook) finder.begin(one);
        }
    }
    return made;
}

}  // namespace nodescope::paths
