#!/usr/bin/env bash
# Installs PostgreSQL with pgvector, which the tests of `tower index --to postgres://…` start for themselves. Needs Debian and root.
# Debian 13 has both as packages. Debian 12 has PostgreSQL 15 alone: pgvector is built there, from Debian 13's source.
set -euo pipefail

found() { compgen -G '/usr/lib/postgresql/*/lib/vector.so' >/dev/null; }
found && exit 0

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
if apt-cache show postgresql-17-pgvector >/dev/null 2>&1; then
  apt-get install -y -qq --no-install-recommends postgresql-17-pgvector >/dev/null
  found
  exit
fi

[ -x /usr/lib/postgresql/15/bin/postgres ] || apt-get install -y -qq --no-install-recommends postgresql-15 >/dev/null
command -v gcc >/dev/null || apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# The headers alone: the whole package would bring LLVM with it.
apt-get -o APT::Sandbox::User=root download -qq postgresql-server-dev-15
dpkg -x postgresql-server-dev-15_*.deb headers

mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb-src [signed-by=$keys] $mirror trixie main" >source.list
mkdir -p lists/partial cache/archives/partial
trixie=(-o "Dir::Etc::sourcelist=$work/source.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
apt-get "${trixie[@]}" update -qq
# apt checks the signature of the list and the checksum of the source.
apt-get "${trixie[@]}" source --download-only -qq pgvector
tar xzf pgvector_*.orig.tar.gz
cd pgvector-*/

version="$(sed -n "s/^default_version = '\(.*\)'/\1/p" vector.control)"
gcc -O2 -march=native -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math -fPIC -shared \
  -I"$work/headers/usr/include/postgresql/15/server" -I/usr/include/postgresql/15/server src/*.c -o vector.so
extensions=/usr/share/postgresql/15/extension
install -m 644 vector.control "$extensions/"
install -m 644 sql/vector.sql "$extensions/vector--$version.sql"
install -m 644 vector.so /usr/lib/postgresql/15/lib/
