# SPDX-License-Identifier: Apache-2.0
# Two MariaDB servers in the lab's namespaces, to be sourced.  Each has its own data and says its
# own name: SELECT name FROM lab.whoami.  Needs in_ns (topology.sh) and WORK (a folder of ours).

readonly DB_PASSWORD=000000
readonly DB_USER=root
declare -A DB_PIDS=()

mariadb_prepare() {
    local template=$WORK/mariadb-template
    [ -d "$template/mysql" ] && return 0
    rm -rf "$template"
    mariadb-install-db --no-defaults --user=$DB_USER --datadir="$template" --skip-test-db \
        --auth-root-authentication-method=normal --innodb-log-file-size=8M \
        --skip-name-resolve --force # A bare machine may not know its own name.
}

# mariadb_start HOST SERVER_ID
mariadb_start() {
    local host=$1 id=$2 folder=$WORK/$1
    rm -rf "$folder" && mkdir -p "$folder" && cp -a "$WORK/mariadb-template" "$folder/data"
    cat >"$folder/init.sql" <<SQL
CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '$DB_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS lab;
CREATE TABLE IF NOT EXISTS lab.whoami(name varchar(20));
INSERT INTO lab.whoami VALUES('$host');
SQL
    chown -R $DB_USER "$folder"
    become_in_ns "$host" mariadbd --no-defaults --user=$DB_USER --datadir="$folder/data" \
        --socket="$folder/socket" --pid-file="$folder/pid" --bind-address=0.0.0.0 --port=3306 \
        --server-id="$id" --innodb-buffer-pool-size=32M --innodb-log-file-size=8M \
        --performance-schema=OFF --skip-name-resolve --init-file="$folder/init.sql" \
        >"$folder/log" 2>&1 &
    DB_PIDS[$host]=$!
}

# mariadb_wait HOST: until it answers over its own socket.
mariadb_wait() {
    local deadline=$((SECONDS + 60))
    until mariadb --no-defaults -uroot -S "$WORK/$1/socket" -e 'SELECT * FROM lab.whoami' \
        >/dev/null 2>&1; do
        kill -0 "${DB_PIDS[$1]}" 2>/dev/null || return 1
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.2
    done
}

mariadb_stop() {
    local host
    for host in "${!DB_PIDS[@]}"; do kill "${DB_PIDS[$host]}" 2>/dev/null; done
    for host in "${!DB_PIDS[@]}"; do wait "${DB_PIDS[$host]}" 2>/dev/null; done
    DB_PIDS=()
}
