#!/bin/sh
# Pushes a folder with the site as the branch that Pages serves: one commit without a past, since what
# was there before is built from its tag, if anybody wants it.
#
# usage: scripts/publish-site.sh DIR [REMOTE]     by default the remote `origin` of this clone
#        in a workflow, with TOKEN in the environment, this repository on GitHub
set -eu
if [ $# -lt 1 ]; then
  sed -n 's/^# \(usage:\)/\1/p' "$0"
  exit 2
fi
remote=${2:-$(git -C "$(dirname "$0")" remote get-url origin 2>/dev/null || true)}
if [ -n "${TOKEN:-}" ]; then
  remote="https://x-access-token:$TOKEN@github.com/$GITHUB_REPOSITORY"
fi
version=$(git -C "$(dirname "$0")" describe --always --tags)
cd "$1"
touch .nojekyll
rm -rf .git
git init --quiet
git add --all
git -c user.name='mio-js' -c user.email='mio-js@users.noreply.github.com' \
  commit --quiet --message "Site of $version"
git push --quiet --force "$remote" HEAD:gh-pages
