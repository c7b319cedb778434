#!/usr/bin/env bash
source ./lib/clock.sh
. "$HOME/limits.sh"

# The most.
readonly MAX_TRIES=3
export PATH_TO="x"
state=idle

# How often something is tried.
retry() {
  local by=$1
  advance "$by" | grep -q done && describe
}

function describe {
  echo "$MAX_TRIES $(wait_for "$by")"
}

retry 1
