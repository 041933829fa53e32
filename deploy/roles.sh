#!/usr/bin/env bash
# Make the three service accounts, each with the rights it needs and no more. `roles.sh --print` prints the commands
# and does nothing else: read them first. Twice is the same as once. It removes no right that was granted by hand.
#
#   voc-run     a run of the report: reads tickets, writes models, posts to Slack, asks LaaS
#   voc-worker  starts runs as Cloud Run jobs, with the account voc-run
#   voc-bot     answers in Slack and asks Prefect; no BigQuery, no LaaS
#
# First make the secrets, the repository for images and the dataset of the models (docs/deploy.md).
set -euo pipefail
source "$(dirname "$0")/common.sh"

PRINT=
case ${1:-} in
  "") ;;
  --print) PRINT=1 ;;
  *) fail "unknown option $1" ;;
esac
needs PROJECT REGION VOC_SOURCE_TABLE
[[ $VOC_SOURCE_TABLE =~ ^[A-Za-z0-9_.:-]+$ ]] || fail "VOC_SOURCE_TABLE must be project.dataset.table"
if [[ -z $PRINT ]]; then
  needs_gcloud
  needs_command bq https://cloud.google.com/sdk/docs/install
fi
MODELS_PROJECT=${VOC_BIGQUERY_PROJECT:-${VOC_SOURCE_TABLE%%.*}}
MODELS="$MODELS_PROJECT.${VOC_BIGQUERY_DATASET:-voc}"
INTERNAL="$MODELS_PROJECT.${VOC_BIGQUERY_INTERNAL_DATASET:-${VOC_BIGQUERY_DATASET:-voc}}"
LOCATION=${VOC_BIGQUERY_LOCATION:-asia-northeast3}

run() {
  printf '%q ' "$@" && echo
  [[ -n $PRINT ]] || "$@" >/dev/null
}

new_account() {
  if [[ -z $PRINT ]] && gcloud iam service-accounts describe "$(account "$1")" --project "$PROJECT" >/dev/null 2>&1; then
    echo "# $1 exists"
  else
    run gcloud iam service-accounts create "$1" --project "$PROJECT" --display-name "$2"
  fi
}

# on_project PROJECT ACCOUNT ROLE
on_project() {
  run gcloud projects add-iam-policy-binding "$1" --condition None \
    --member "serviceAccount:$(account "$2")" --role "$3"
}

# may_read ACCOUNT SECRET…
may_read() {
  local name=$1 secret
  shift
  for secret in "$@"; do
    run gcloud secrets add-iam-policy-binding "$secret" --project "$PROJECT" \
      --member "serviceAccount:$(account "$name")" --role roles/secretmanager.secretAccessor
  done
}

# on_bucket gs://BUCKET[/FOLDER] ROLE, for the runs; does nothing for another path
on_bucket() {
  local bucket=${1#gs://}
  [[ $1 != gs://* ]] || run gcloud storage buckets add-iam-policy-binding "gs://${bucket%%/*}" \
    --member "serviceAccount:$(account voc-run)" --role "$2"
}

# in_bigquery PROJECT SQL
in_bigquery() {
  run bq query --quiet --use_legacy_sql=false --project_id "$1" --location "$LOCATION" "$2"
}

new_account voc-run "VOC: runs of the report"
new_account voc-worker "VOC: starts runs"
new_account voc-bot "VOC: answers in Slack"

# A run queries, reads the source table and when its partitions changed, and owns what is in the datasets of the models.
on_project "$MODELS_PROJECT" voc-run roles/bigquery.jobUser
in_bigquery "${VOC_SOURCE_TABLE%%.*}" \
  "grant \`roles/bigquery.dataViewer\` on table \`$VOC_SOURCE_TABLE\` to 'serviceAccount:$(account voc-run)'"
in_bigquery "${VOC_SOURCE_TABLE%%.*}" \
  "grant \`roles/bigquery.metadataViewer\` on schema \`${VOC_SOURCE_TABLE%.*}\` to 'serviceAccount:$(account voc-run)'"
in_bigquery "$MODELS_PROJECT" \
  "grant \`roles/bigquery.dataEditor\` on schema \`$MODELS\` to 'serviceAccount:$(account voc-run)'"
[[ $INTERNAL == "$MODELS" ]] || in_bigquery "$MODELS_PROJECT" \
  "grant \`roles/bigquery.dataEditor\` on schema \`$INTERNAL\` to 'serviceAccount:$(account voc-run)'"
# Granting the marts' readers changes the tables' policies, which an editor may not.
[[ -z ${VOC_BIGQUERY_READERS:-} ]] || in_bigquery "$MODELS_PROJECT" \
  "grant \`roles/bigquery.dataOwner\` on schema \`$MODELS\` to 'serviceAccount:$(account voc-run)'"
may_read voc-run voc-slack-bot-token voc-laas-api-key voc-prefect-auth
on_bucket "${VOC_REPORT_BUCKET:-}" roles/storage.objectUser
on_bucket "${VOC_STATE_URI:-}" roles/storage.objectUser
# Prefect asks for the bucket itself first.
on_bucket "${VOC_STATE_URI:-}" roles/storage.legacyBucketReader

# A worker makes jobs from the image and starts them as voc-run, and as no other account.
on_project "$PROJECT" voc-worker roles/run.developer
run gcloud artifacts repositories add-iam-policy-binding voc --project "$PROJECT" --location "$REGION" \
  --member "serviceAccount:$(account voc-worker)" --role roles/artifactregistry.reader
run gcloud iam service-accounts add-iam-policy-binding "$(account voc-run)" --project "$PROJECT" \
  --member "serviceAccount:$(account voc-worker)" --role roles/iam.serviceAccountUser
may_read voc-worker voc-prefect-auth

# The bot holds Slack's and Prefect's keys.
may_read voc-bot voc-slack-bot-token voc-slack-signing-secret voc-prefect-auth
