#!/usr/bin/env bash
# A private Znuny 6.5 on loopback: Debian's otrs2 package, unpacked and not installed, with a PostgreSQL of its own. Debian 12, as root.
#   server.sh up            install what is missing, start what is not running
#   server.sh keep NAME     keep the database as it is now under a name
#   server.sh reset [NAME]  back to a kept database (default: seed), no mail, no cache
#   server.sh down          stop
#   server.sh purge         stop, and delete everything but the system packages
#   env: ZNUNY_DIR  all state        (${TMPDIR:-/var/tmp}/helpdesk-policy-znuny)
#        ZNUNY_PORT web, on loopback (8181)
#        ZNUNY_PGPORT PostgreSQL     (5533)
set -eEuo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
D=${ZNUNY_DIR:-${TMPDIR:-/var/tmp}/helpdesk-policy-znuny}; PORT=${ZNUNY_PORT:-8181}; PGPORT=${ZNUNY_PGPORT:-5533}
H=$D/home; DEB=$D/otrs2.deb; DAEMON=$H/var/run/Daemon-NodeID-1.pid
START=$(date +%s%N)
step() { printf '%6s ms  %s\n' "$(( ($(date +%s%N) - START) / 1000000 ))" "$*" >&2; }
www()  { (cd "$H" && runuser -u www-data -- env HOME="$D" LC_ALL=C.UTF-8 "$@"); }
pgbin() { find /usr/lib/postgresql -maxdepth 3 -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -1; }
pg()   { runuser -u postgres -- "$@"; }
sql()  { PGOPTIONS='-c client_min_messages=error' pg psql -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PGPORT" "$@"; }
has()  { [ "$(sql -Atc "SELECT 1 FROM pg_database WHERE datname = 'otrs_$1'" postgres)" = 1 ]; }
ours() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$D"; }  # a pid file may be stale and its pid taken by another
alive() { local p; p=$(head -1 "$1" 2>/dev/null) && [ -n "$p" ] && ours "$p"; }
trap 'echo "server.sh failed at line $LINENO; logs are in $D/log" >&2; tail -n 5 "$D"/log/*.log 2>/dev/null >&2 || true' ERR

packages() {
  local source depends extra
  apt_() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-unsafe-io "$@"; }
  if [ ! -s "$DEB" ]; then
    if ! apt-cache show otrs2 >/dev/null 2>&1; then
      # The component that otrs2 lies in, from wherever this machine already gets Debian.
      source=$(grep -lsE '^(Suites|deb ).*bookworm' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list | head -1 || true)
      case $source in
        *.sources) sed -E 's/^Components:.*/Components: non-free/' "$source" >/etc/apt/sources.list.d/znuny-nonfree.sources ;;
        *) sed -nE 's/^(deb +\S+ +bookworm) .*/\1 non-free/p' "$source" >/etc/apt/sources.list.d/znuny-nonfree.list ;;
      esac
      apt_ update >"$D/log/apt.log" 2>&1
    fi
    (cd "$D" && apt-get -q download otrs2 >>"$D/log/apt.log" 2>&1 && mv otrs2_*.deb otrs2.deb)
    step "downloaded $(dpkg-deb -f "$DEB" Package Version | tr '\n' ' ')"
  fi
  [ ! -e "$D/.packages" ] || return 0
  # Not otrs2 itself: its postinst waits for a database that nobody made. REST::Client is needed and not among its dependencies.
  depends=$(dpkg-deb -f "$DEB" Depends | tr ',' '\n' | grep -vE '^ *(debconf|apache2 |ucf|adduser|dbconfig-common)' | paste -sd,)
  extra="apache2-bin, libapache2-mod-perl2, librest-client-perl, libdbd-pg-perl, procps, curl"
  [ -n "$(pgbin)" ] || extra="$extra, postgresql"
  apt_ satisfy --no-install-recommends "$depends, $extra" >>"$D/log/apt.log" 2>&1
  touch "$D/.packages"; step "packages are there"
}

postgres() {
  if [ ! -e "$D/pg/PG_VERSION" ]; then
    install -d -o postgres -g postgres -m 700 "$D/pg"
    pg "$(pgbin)/initdb" -D "$D/pg" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync >"$D/log/initdb.log"
    printf '%s\n' "listen_addresses = '127.0.0.1'" "unix_socket_directories = ''" 'fsync = off' 'synchronous_commit = off' \
      'full_page_writes = off' 'shared_buffers = 128MB' 'max_connections = 60' >>"$D/pg/postgresql.conf"
  fi
  alive "$D/pg/postmaster.pid" && return 0
  rm -f "$D/pg/postmaster.pid"; install -o postgres -m 644 /dev/null "$D/log/pg.log"
  (cd / && pg "$(pgbin)/pg_ctl" -w -s -D "$D/pg" -o "-p $PGPORT" -l "$D/log/pg.log" start </dev/null >/dev/null)
  step "PostgreSQL is up on $PGPORT"
}

program() {
  if [ ! -e "$H/RELEASE" ]; then
    rm -rf "$D/x" "$H"; dpkg-deb -x "$DEB" "$D/x"
    mv "$D/x/usr/share/otrs" "$H"; rm -f "$H/var"; mv "$D/x/var/lib/otrs" "$H/var"
    rm -f "$H/var/run" "$H/var/spool" "$H/Kernel/Config.pm" "$H/Kernel/Config/"{Files,Backups,GenericAgent.pm}
    mkdir -p "$H/var/run" "$H/var/spool" "$H/Custom"
    ln -s ../../var/Config/Files "$H/Kernel/Config/Files"; ln -s ../../var/Config/Backups "$H/Kernel/Config/Backups"
    rm -rf "$D/x"; chown -R www-data:www-data "$H"; step "program files unpacked"
  fi
  local name
  for name in httpd.conf startup.pl capture-mail; do
    sed -e "s#@D@#$D#g; s#@H@#$H#g; s#@PORT@#$PORT#g" "$HERE/$name.in" >"$D/$name"
  done
  chmod 755 "$D/capture-mail"; cp -a "$HERE/Custom/." "$H/Custom/"
  sed -e "s#@D@#$D#g; s#@PGPORT@#$PGPORT#g" "$HERE/Config.pm.in" >"$H/Kernel/Config.pm"
}

database() {
  has seed && { has 'live' || copy seed live; return 0; }
  local file
  stop_app
  sql postgres -c 'DROP DATABASE IF EXISTS otrs_live WITH (FORCE)' \
    -c "DO \$\$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'otrs') THEN CREATE ROLE otrs LOGIN; END IF; END\$\$" \
    -c 'CREATE DATABASE otrs_live OWNER otrs'
  for file in schema initial_insert schema-post; do
    sql -U otrs -1 -f "$H/scripts/database/$file.postgresql.sql" otrs_live >/dev/null
  done
  www perl bin/otrs.Console.pl Maint::Config::Rebuild >"$D/log/rebuild.log" 2>&1
  step "schema and SysConfig are made"
  www perl "$HERE/seed.pl" >"$D/log/seed.log" 2>&1 || { cat "$D/log/seed.log" >&2; exit 1; }
  copy live seed; step "seeded"
}

copy() { sql postgres -c "DROP DATABASE IF EXISTS otrs_$2 WITH (FORCE)" -c "CREATE DATABASE otrs_$2 OWNER otrs TEMPLATE otrs_$1"; }

start_app() {
  local i url="http://127.0.0.1:$PORT/otrs/nph-genericinterface.pl/Webservice/Nothing"
  if ! alive "$D/run/apache2.pid"; then
    rm -f "$D/run/apache2.pid"
    /usr/sbin/apache2 -f "$D/httpd.conf" -k start </dev/null >>"$D/log/apache-start.log" 2>&1
  fi
  if ! alive "$DAEMON"; then
    rm -f "$DAEMON"
    setsid -f runuser -u www-data -- env HOME="$D" LC_ALL=C.UTF-8 perl "$H/bin/otrs.Daemon.pl" start </dev/null >>"$D/log/daemon-start.log" 2>&1
  fi
  for ((i = 0; i < 120; i++)); do
    # An unknown web service is answered by closing the connection: "empty reply" (52) says that Perl is at work.
    curl -s -m 20 "$url" >/dev/null && break || [ $? = 52 ] && break
    sleep 0.25
  done
  for ((i = 0; i < 120; i++)); do [ -s "$DAEMON" ] && break; sleep 0.25; done
  [ -s "$DAEMON" ] || { echo "the daemon did not start; see $D/log" >&2; exit 1; }
  step "Znuny is up on $PORT"
}

stop() { # pid file, signal, seconds
  alive "$1" || return 0
  local p i; p=$(head -1 "$1"); kill "-$2" "$p"
  for ((i = 0; i < $3 * 10; i++)); do kill -0 "$p" 2>/dev/null || return 0; sleep 0.1; done
  kill -KILL "$p" 2>/dev/null || true
}

stop_app() { # the daemon takes 6 s to stop politely; its children are of its session, which is nobody else's
  local p sid
  if alive "$DAEMON"; then
    p=$(head -1 "$DAEMON"); sid=$(ps -o sid= -p "$p" | tr -d ' ')
    [ -n "$sid" ] && [ "$sid" != "$(ps -o sid= -p $$ | tr -d ' ')" ] && pkill -KILL -u www-data -s "$sid" || true
  fi
  rm -f "$DAEMON"; stop "$D/run/apache2.pid" TERM 10
}

case ${1:-} in
  up)
    mkdir -p "$D/log" "$D/run" "$D/mail" "$D/spool"; chmod 755 "$D"
    packages; postgres; program
    chown www-data:www-data "$D/log" "$D/mail" "$D/spool"; chmod 1777 "$D/log"
    database; start_app ;;
  keep)
    stop_app; copy live "$2"; start_app; step "kept as $2" ;;
  reset)
    has "${2:-seed}" || { echo "no database was kept as ${2:-seed}" >&2; exit 1; }
    stop_app; copy "${2:-seed}" live
    rm -rf "$H/var/tmp/CacheFileStorable" "$D/mail/"* "$D/log/znuny.log"
    start_app; step "reset to ${2:-seed}" ;;
  down) stop_app; stop "$D/pg/postmaster.pid" INT 15; step "stopped" ;;
  purge) stop_app; stop "$D/pg/postmaster.pid" INT 15; rm -rf "$D"; step "deleted $D" ;;
  *) sed -n '2,10p' "$0"; exit 2 ;;
esac
