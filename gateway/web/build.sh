#!/usr/bin/env bash
# Builds the page: `build.sh <source> <folder> <tools>`. Afterwards <folder>/dist has its files, each
# of text beside itself compressed (.gz), or <folder>/why says in a line why there are none.
#
# Takes Node of the PATH where that is new enough, else npm's package `node`, into <tools>/node.
set -uo pipefail
source=$1 folder=$2 tools=$3
node_version=22.23.3

give_up() {
  rm -rf "$folder/dist"
  printf '%s\n' "$*" >"$folder/why"
  printf 'The chat page is left out: %s\n' "$*" >&2
  exit 0
}

# At least 20.19, which Vite demands.
new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

provide_node() {
  command -v npm >/dev/null || give_up "npm is not on the PATH: install it (apt-get install npm) and build again"
  if command -v node >/dev/null && new_enough node; then return; fi
  local own="$tools/node/node_modules/node/bin"
  if ! { [ -x "$own/node" ] && new_enough "$own/node"; }; then
    npm install --silent --no-audit --no-fund --prefix "$tools/node" "node@$node_version" >&2 ||
      give_up "the Node.js of the PATH is older than 20.19, and npm could not install node@$node_version"
  fi
  export PATH="$own:$PATH"
}

mkdir -p "$folder" "$tools"
rm -f "$folder/why"
provide_node

# The sources, beside the packages that they use: nothing is written into the repository.
rm -rf "$folder/src"
cp -R "$source/src" "$source"/{package.json,package-lock.json,.npmrc,tsconfig.json,vite.config.ts,index.html} "$folder/" ||
  give_up "its sources could not be copied"
cd "$folder" || exit 1
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --silent >npm.log 2>&1 || {
    tail -n 5 npm.log >&2
    give_up "npm could not install its packages: $(grep -v '^$' npm.log | tail -n 1)"
  }
  cp package-lock.json node_modules/.installed
fi
node node_modules/vite/bin/vite.js build --logLevel warn >&2 || {
  # The page's own sources are wrong: that is no reason to go on without it.
  rm -rf dist
  exit 1
}
node -e '
  const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
  const { gzipSync } = require("node:zlib");
  for (const name of readdirSync("dist", { recursive: true })) {
    if (/\.(html|js|css|svg|txt|json)$/.test(name)) {
      writeFileSync(`dist/${name}.gz`, gzipSync(readFileSync(`dist/${name}`), { level: 9 }));
    }
  }'
