# fish completion for nodescope: the program itself says what may stand where somebody types.
function __nodescope_complete
    set -l typed (commandline -opc)
    nodescope complete -- $typed[2..-1] (commandline -ct) 2>/dev/null
end
complete -c nodescope -a '(__nodescope_complete)'
