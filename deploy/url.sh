#!/usr/bin/env bash
# Print the bot's address, or with --version the version that it runs.
set -euo pipefail
source "$(dirname "$0")/common.sh"

if [[ -z ${URL:-} ]]; then
  needs_gcloud
  needs PROJECT REGION
  URL=$(gcloud run services describe voc-bot --project "$PROJECT" --region "$REGION" --format 'value(status.url)') ||
    fail "no service voc-bot in $PROJECT, $REGION. Run make deploy"
fi
case ${1:-} in
  "") echo "$URL" ;;
  --version)
    # Not /healthz: on run.app Google answers that path itself, with 404.
    answer=$(curl --silent --show-error --fail --max-time 20 "$URL/") || fail "the bot does not answer at $URL"
    version=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' <<<"$answer")
    [[ -n $version ]] || fail "what answers at $URL is not the bot"
    echo "$version"
    ;;
  *) fail "unknown option $1" ;;
esac
