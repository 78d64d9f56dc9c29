# bash completion for echo-server.  Commands and options are asked of the program itself, so what is
# offered is what it takes.

_echo_server()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local program=${COMP_WORDS[0]} word command= commands options

    COMPREPLY=()
    # "=" is a word of its own when it breaks words: --config=FILE is three.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
    -c | --config | --file | --sslCertPath | --sslKeyPath)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames
        return
        ;;
    -d | --dir)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames
        return
        ;;
    esac

    # "  name, alias  what it does"
    commands=$("$program" --help 2>/dev/null |
        sed -n 's/^  \([a-z][a-z:]*\)\( \[*[A-Z]*\]*\)\{0,1\}\(, \([a-z:]*\)\)\{0,1\}  .*/\1 \4/p')
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ " "${commands//$'\n'/ }" " == *" $word "* ]]; then
            command=$word
            break
        fi
    done
    if [[ $current != -* ]]; then
        [[ $command ]] || mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
        return
    fi
    # "  -c, --config=FILE  what it is": with the "=" where a value follows.
    options=$("$program" $command --help 2>/dev/null |
        sed -n 's/^  \(-[a-z], \|    \)\(--[A-Za-z-]*=\{0,1\}\).*/\2/p')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _echo_server echo-server
