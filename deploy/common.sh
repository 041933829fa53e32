# Sourced by the scripts beside it: settings, and one line for what is missing.
# shellcheck shell=bash

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SETTINGS=${VOC_GOOGLE_ENV:-$HERE/google.env}
NAMES=() # of the settings in that file, in its order

fail() {
  echo "$(basename "$0"): $1" >&2
  exit 2
}

# Not `source`: a value may hold anything, and the environment wins.
while IFS='=' read -r name value; do
  [[ $name =~ ^[A-Z_]+$ ]] || continue
  NAMES+=("$name")
  [[ -n ${!name:-} ]] || export "$name=$value"
done <"$SETTINGS"

# needs NAME…: these must be set.
needs() {
  local name missing=()
  for name in "$@"; do [[ -n ${!name:-} ]] || missing+=("$name"); done
  ((${#missing[@]} == 0)) || fail "set ${missing[*]} in ${SETTINGS#"$PWD"/} or in the environment"
}

# needs_command NAME WHERE: the program must be installed.
needs_command() {
  command -v "$1" >/dev/null || fail "$1 is not installed. See $2"
}

needs_docker() { needs_command docker https://docs.docker.com/get-docker/; }
needs_gcloud() { needs_command gcloud https://cloud.google.com/sdk/docs/install; }

# The package's version and the commit, such as 0.1.0-47c8230; a changed working tree ends in -dirty.
version() {
  local package commit
  package=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$HERE/../pyproject.toml")
  commit=$(git -C "$HERE/.." describe --always --dirty --exclude '*' --abbrev=7) || fail "this is not a git checkout. Set VERSION"
  echo "$package-$commit"
}

image() { echo "$REGION-docker.pkg.dev/$PROJECT/voc/voc-analyst:$1"; }

account() { echo "$1@$PROJECT.iam.gserviceaccount.com"; }
