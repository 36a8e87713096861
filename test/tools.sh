# What the scripts share that try other programs: the counts, what is skipped,
# and the libraries that they install. To be read in by `.`, not run. The last
# line that they print counts, as that of `make test` does.
passed=0 failed=0 skipped=

# begin EXTENSION FOLDER [GLOB]: sets $extension, $folder, $glob, $database and
# $log, and counts what is skipped.
begin() {
  extension=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
  mkdir -p "$2"
  folder=$(cd "$2" && pwd)
  glob=${3:-*}
  database=$folder/story.db
  log=$folder/install.log
  skipped=0
}

# Is it one of those that GLOB chooses?
chosen() {
  case $1 in
  $glob) ;;
  *) return 1 ;;
  esac
}

# has NAME NEEDED: does the shell command NEEDED succeed? If not, NAME is
# skipped, with a line that says so.
has() {
  (eval "$2") >"$log" 2>&1 </dev/null && return
  skipped=$((skipped + 1))
  echo "  skip   $1: \`$2\`: $(grep . "$log" | tail -n 1)"
  return 1
}

pass() {
  passed=$((passed + 1))
  echo "  ok     $1"
}

fail() {
  failed=$((failed + 1))
  echo "  FAILED $1"
}

# The last line, and the exit status.
finish() {
  echo "$passed passed, $failed failed${skipped:+, $skipped skipped}"
  test $failed = 0
}

# is_ready FILE FOLDER: was FOLDER made of FILE as it is now? `ready` says so from
# now on.
is_ready() {
  cmp -s "$1" "$2/$(basename "$1").ready"
}

ready() {
  mkdir -p "$2"
  cp "$1" "$2/$(basename "$1").ready"
}

# npm_packages FROM TO: those of FROM/package.json, in TO
npm_packages() {
  is_ready "$1/package.json" "$2" && return
  mkdir -p "$2" && cp "$1/package.json" "$2" &&
    npm install --prefix "$2" --loglevel=error --no-audit --no-fund &&
    ready "$1/package.json" "$2"
}

# pip_packages FROM TO: those of FROM/requirements.txt, in TO
pip_packages() {
  is_ready "$1/requirements.txt" "$2" && return
  python3 -m venv --clear "$2" &&
    "$2/bin/pip" install -q --disable-pip-version-check \
      -r "$1/requirements.txt" &&
    ready "$1/requirements.txt" "$2"
}
