#!/bin/sh
# Makes a tag a release on GitHub, with every file of a folder attached.
#
# usage: GH_TOKEN=… scripts/create-release.sh TAG FOLDER
set -eu

tag=$1
folder=$2
gh release create "$tag" --verify-tag --title "$tag" --notes 'What has changed is in CHANGELOG.md.' "$folder"/*
