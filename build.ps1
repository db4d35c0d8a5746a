# Finds a Python and hands over to packaging/build.py, where all the logic is.
foreach ($candidate in 'py -3.11', 'py -3.12', 'py -3.13', 'python3', 'python') {
    $words = @(-split $candidate)
    $options = @($words | Select-Object -Skip 1)
    if (-not (Get-Command $words[0] -ErrorAction SilentlyContinue)) { continue }
    & $words[0] @options -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>$null
    if ($LASTEXITCODE -ne 0) { continue }
    & $words[0] @options "$PSScriptRoot/packaging/build.py" @args
    exit $LASTEXITCODE
}
[Console]::Error.WriteLine('build.ps1: no Python 3.11 or newer found. Get one from https://www.python.org/downloads/')
exit 1
