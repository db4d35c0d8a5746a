"""The shells that can complete our command lines: what they are given, and what they ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mesos_batch_cli.command_table import ASK
from mesos_batch_cli.completing import Candidate, Candidates
from mesos_batch_cli.output.text import one_line

# How the program says that names of files belong there; what comes before them follows.
FILES = "\x01files"
_ABOUT_WIDTH = 60
# Others have a meaning for some shell, which may be to run a command.
_MEANS_ITSELF = re.compile(r"[\w@%+=:,./-]+")

_BASH = f"""\
# bash completion of mesos-batch: put this into ~/.bashrc, or
#   mesos-batch completion bash > ~/.local/share/bash-completion/completions/mesos-batch
_mesos_batch() {{
    local answer line word=${{COMP_WORDS[COMP_CWORD]}}
    [[ $word == [=:] ]] && word=
    COMPREPLY=()
    answer=$("$1" {ASK} bash "${{COMP_WORDS[@]:1:COMP_CWORD}}" 2>/dev/null) || return
    while IFS= read -r line; do
        case $line in
            '') ;;
            $'\\001files'*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
            *) COMPREPLY+=("$line"); [[ $line == *= ]] && compopt -o nospace ;;
        esac
    done <<< "$answer"
}}
complete -F _mesos_batch mesos-batch
"""

_ZSH = f"""\
#compdef mesos-batch
# zsh completion of mesos-batch: put this into a folder of $fpath as _mesos-batch, or
#   eval "$(mesos-batch completion zsh)" into ~/.zshrc, after compinit
_mesos-batch() {{
    local line
    local -a whole begun
    while IFS= read -r line; do
        case $line in
            $'\\001files'*) compset -P "${{line#$'\\001files'}}"; _files; return ;;
            *=:*) begun+=("$line") ;;
            ?*) whole+=("$line") ;;
        esac
    done < <("$words[1]" {ASK} zsh "${{(@)words[2,CURRENT]}}" 2>/dev/null)
    (( $#whole )) && _describe 'mesos-batch' whole
    (( $#begun )) && _describe 'flag' begun -S ''
}}
if [ "$funcstack[1]" = "_mesos-batch" ]; then
    _mesos-batch "$@"
else
    compdef _mesos-batch mesos-batch
fi
"""

_FISH = f"""\
# fish completion of mesos-batch:
#   mesos-batch completion fish > ~/.config/fish/completions/mesos-batch.fish
function __mesos_batch_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] {ASK} fish $words[2..-1] 2>/dev/null)
        if string match -q \\x01'files*' -- $line
            set -l before (string replace \\x01files '' -- $line)
            set -l begun (string replace -- "$before" '' (commandline -ct))
            for file in (__fish_complete_path "$begun")
                echo "$before$file"
            end
        else
            echo $line
        end
    end
end
complete -c mesos-batch -f -a '(__mesos_batch_complete)'
"""

_POWERSHELL = f"""\
# PowerShell completion of mesos-batch: put this into $PROFILE
#   mesos-batch completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName 'mesos-batch', 'mesos-batch.exe' -ScriptBlock {{
    param($begun, $ast, $cursor)
    $elements = @($ast.CommandElements | Where-Object {{ $_.Extent.StartOffset -lt $cursor }})
    $words = @($elements | Select-Object -Skip 1 | ForEach-Object {{ $_.Extent.Text }})
    if ($begun -eq '') {{ $words += '""' }}
    & $elements[0].Extent.Text {ASK} powershell @words 2>$null | ForEach-Object {{
        $text, $about = $_ -split "`t", 2
        if ($text.StartsWith([char]1 + 'files')) {{
            $before = $text.Substring(6)
            Get-ChildItem -Path ($begun.Substring($before.Length) + '*') -ErrorAction Ignore |
                ForEach-Object {{ $before + (Resolve-Path -Relative $_.FullName) }}
        }} else {{
            if (-not $about) {{ $about = $text }}
            [System.Management.Automation.CompletionResult]::new(
                $text, $text, 'ParameterValue', $about)
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell: the ``script`` it reads once, how to read its words and write our candidates."""

    script: str
    words: Callable[[Sequence[str]], list[str]]
    lines: Callable[[Candidates, Sequence[str]], Iterator[str]]


def _joined(words: Sequence[str]) -> list[str]:
    """Words of bash, which cuts them at ``=`` and ``:`` (COMP_WORDBREAKS)."""
    joined: list[str] = []
    glue = False
    for word in words:
        if word and set(word) <= set("=:") and joined:
            joined[-1] += word
            glue = True
        elif glue:
            joined[-1] += word
            glue = False
        else:
            joined.append(word)
    return joined or [""]


def _unquoted(words: Sequence[str]) -> list[str]:
    """Words of PowerShell, which come as they are written; an empty one comes in quotes."""
    return [re.sub(r"""^(['"])(.*)\1$""", r"\2", word) for word in words] or [""]


def _bash_lines(candidates: Candidates, words: Sequence[str]) -> Iterator[str]:
    if candidates.files_after is not None:
        yield FILES
    # Only what follows the last break is replaced.
    cut = len(re.sub(r"[^=:]*\Z", "", words[-1]))
    for candidate in _that_mean_themselves(candidates):
        yield candidate.text[cut:]


def _zsh_lines(candidates: Candidates, _: Sequence[str]) -> Iterator[str]:
    if candidates.files_after is not None:
        yield FILES + candidates.files_after
    for candidate in _on_one_line(candidates):
        text = candidate.text.replace("\\", "\\\\").replace(":", "\\:")
        yield f"{text}:{_short(candidate.about)}"


def _fish_lines(candidates: Candidates, _: Sequence[str]) -> Iterator[str]:
    yield from _tabbed_lines(candidates, _on_one_line(candidates))


def _powershell_lines(candidates: Candidates, _: Sequence[str]) -> Iterator[str]:
    yield from _tabbed_lines(candidates, _that_mean_themselves(candidates))


def _tabbed_lines(candidates: Candidates, offered: Iterable[Candidate]) -> Iterator[str]:
    if candidates.files_after is not None:
        yield FILES + candidates.files_after
    for candidate in offered:
        yield f"{candidate.text}\t{_short(candidate.about)}"


def _on_one_line(candidates: Candidates) -> Iterator[Candidate]:
    """For a shell that puts what it completes into quotes where that is needed."""
    return (item for item in candidates.found if item.text.isprintable())


def _that_mean_themselves(candidates: Candidates) -> Iterator[Candidate]:
    """For a shell that does not: the name of a task or of a stranger's profile can be anything."""
    return (item for item in candidates.found if _MEANS_ITSELF.fullmatch(item.text))


def _short(about: str) -> str:
    sentence = re.split(r"[.:] |\.$", one_line(about), maxsplit=1)[0]
    return sentence if len(sentence) <= _ABOUT_WIDTH else sentence[: _ABOUT_WIDTH - 1] + "…"


SHELLS = {
    "bash": Shell(_BASH, _joined, _bash_lines),
    "zsh": Shell(_ZSH, lambda words: list(words) or [""], _zsh_lines),
    "fish": Shell(_FISH, lambda words: list(words) or [""], _fish_lines),
    "powershell": Shell(_POWERSHELL, _unquoted, _powershell_lines),
}
