# fish completion for nodescope: the program itself says what may stand where somebody types.
function __nodescope_complete
    set -l typed (commandline -opc)
    set -l found (nodescope complete -- $typed[2..-1] (commandline -ct) 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c nodescope -f -a '(__nodescope_complete)'
