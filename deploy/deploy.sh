#!/usr/bin/env bash
# Bring an image to Google: push it, register the deployments with Prefect, start the worker and the bot with it.
#   deploy.sh             the version of this checkout, built before with build.sh
#   deploy.sh --rollback  VERSION, which was pushed before
# Twice is the same as once. Accounts, secrets and the repository for images come first: docs/deploy.md.
set -euo pipefail
source "$(dirname "$0")/common.sh"

needs_gcloud
needs PROJECT REGION PREFECT_API_URL PREFECT_AUTH VOC_SLACK_CHANNEL
case ${1:-} in
  "") needs_docker && VERSION=${VERSION:-$(version)} ;;
  --rollback) [[ -n ${VERSION:-} ]] || fail "name the version to return to: VERSION=0.1.0-47c8230" ;;
  *) fail "unknown option $1" ;;
esac
[[ $VERSION != *-dirty ]] || fail "commit your changes first: a version names what is in the repository"
IMAGE=$(image "$VERSION")

# given PATTERN [EXCEPT]: the settings of google.env that match and have a value, as gcloud takes them. Values may hold
# commas.
given() {
  local name list=
  for name in "${NAMES[@]}"; do
    if [[ $name =~ $1 && ! $name =~ ${2:-^$} && -n ${!name} ]]; then list+="##$name=${!name}"; fi
  done
  echo "^##^VOC_VERSION=$VERSION##PREFECT_API_URL=$PREFECT_API_URL$list"
}

RUN_SETTINGS=('^(VOC|LAAS)_' '^VOC_BOT_')
BOT_SETTINGS='^(VOC_BOT_|VOC_(LOCALE|TIMEZONE|SLACK_CHANNEL|OPS_CHANNEL)$|PREFECT_UI_)'
PASSWORD="$PREFECT_AUTH=voc-prefect-auth:latest"
PLACE=(--project "$PROJECT" --region "$REGION" --quiet)

if [[ ${1:-} != --rollback ]]; then
  docker image inspect "$IMAGE" >/dev/null 2>&1 || fail "$IMAGE is not built. Run make build"
  docker push "$IMAGE"
fi

# In the image and on Google: the password never leaves Secret Manager, and the registered code is the image's.
# As voc-worker, an account that may read the Prefect server's password.
gcloud run jobs deploy voc-register "${PLACE[@]}" --image "$IMAGE" --command register \
  --service-account "$(account voc-worker)" --set-secrets "$PASSWORD" \
  --set-env-vars "$(given "${RUN_SETTINGS[@]}")##VOC_IMAGE=$IMAGE##VOC_REGION=$REGION##VOC_RUN_ACCOUNT=$(account voc-run)" \
  --cpu 1 --memory 2Gi --task-timeout 15m --max-retries 0 --execute-now --wait

# A service, because the worker has to run all the time; its port answers health checks only. It asks for work without
# getting requests, so its CPU must not sleep.
gcloud run deploy voc-worker "${PLACE[@]}" --image "$IMAGE" --command worker --args=--with-healthcheck \
  --service-account "$(account voc-worker)" --set-secrets "$PASSWORD" --set-env-vars "$(given '^$')" \
  --port 8080 --ingress internal --no-allow-unauthenticated \
  --min-instances 1 --max-instances 1 --no-cpu-throttling --cpu 1 --memory 1Gi

# Open to the world, because Slack has no Google account: the bot checks Slack's signature itself. It follows runs after
# it has answered Slack, so its CPU must not sleep either.
gcloud run deploy voc-bot "${PLACE[@]}" --image "$IMAGE" --command bot \
  --service-account "$(account voc-bot)" \
  --set-secrets "$PASSWORD,SLACK_BOT_TOKEN=voc-slack-bot-token:latest,SLACK_SIGNING_SECRET=voc-slack-signing-secret:latest" \
  --set-env-vars "$(given "$BOT_SETTINGS")" \
  --port 3000 --ingress all --allow-unauthenticated \
  --min-instances 1 --max-instances 2 --no-cpu-throttling --cpu 1 --memory 512Mi

echo "Deployed $VERSION. make url shows where Slack finds the bot."
