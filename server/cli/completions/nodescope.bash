# bash completion for nodescope: the program itself says what may stand where somebody types.
_nodescope() {
    local IFS=$'\n'
    # shellcheck disable=SC2207  # one word a line, and no word has blanks
    COMPREPLY=($(nodescope complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _nodescope nodescope
