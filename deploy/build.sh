#!/usr/bin/env bash
# Build the image, labelled with its version (VERSION=… to name it yourself).
set -euo pipefail
source "$(dirname "$0")/common.sh"

needs_docker
needs PROJECT REGION
VERSION=${VERSION:-$(version)}
# Cloud Run runs amd64; this machine may be another kind.
docker build --platform linux/amd64 --build-arg "VERSION=$VERSION" --tag "$(image "$VERSION")" "$HERE/.."
echo "Built $(image "$VERSION")"
