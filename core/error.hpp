// The error model: what went wrong as one of a small set of kinds, and the sentence a person needs. Expected failures
// travel as result<T>; exceptions are for broken invariants and exhausted memory.
#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace nodescope {

/// What a caller can decide on. Each API family maps these to its own status codes in one function.
enum class failure {
    invalid,    ///< the request itself is wrong: a missing, malformed or forbidden parameter
    gone,       ///< the thing asked about does not exist (any more)
    conflict,   ///< it exists, but is not in a state that can answer (not running, ambiguous, changed during the read)
    denied,     ///< a privilege or a credential is missing
    timed_out,  ///< a deadline passed; the message names operation, phase and limit
    unavailable,  ///< the peer cannot be reached at all
    malformed,    ///< the peer answered something that is not its protocol
    failed,       ///< the peer answered properly, with an error of its own
    too_large,    ///< a size limit was hit
    overloaded,   ///< a queue or slot limit of ours was hit; worth a retry
    wrong_node,   ///< the request names another node
    disabled,     ///< switched off by configuration
    cancelled,    ///< the asker went away
    internal,     ///< a defect of ours
};

/// The enumerator's name, for logs and metric labels.
std::string_view to_string(failure kind) noexcept;

/// A failure and its sentence. The sentence is made where the failure is known (it names operation, object and cause)
/// and nobody above rewords it. It may hold bytes from outside: escape it when it leaves the process.
class error {
public:
    /// Only because boost::system::result asks for it: error() of a result that holds a value.
    error() = default;
    error(failure kind, std::string message) : kind_(kind), message_(std::move(message)) {}

    [[nodiscard]] failure kind() const noexcept { return kind_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    friend bool operator==(const error&, const error&) = default;

private:
    failure kind_ = failure::internal;
    std::string message_;
};

template <class T>
using result = boost::system::result<T, error>;

/// The kind an errno value stands for: ENOENT and ESRCH are gone, EACCES and EPERM denied, and so on; anything not
/// expected from a healthy system is `failed`.
failure failure_of_errno(int error_number) noexcept;

/// "<what>: <strerror>" with the kind of errno, e.g. from_errno(ENOENT, "open /proc/7/ns/net").
error from_errno(int error_number, std::string_view what);

/// Called by result<T>::value() on an error: a broken invariant, reported as std::logic_error with the sentence.
[[noreturn]] void throw_exception_from_error(const error& failure, const boost::source_location& where);

/// Lets GoogleTest and logs print an error.
std::ostream& operator<<(std::ostream& out, const error& value);

}  // namespace nodescope
