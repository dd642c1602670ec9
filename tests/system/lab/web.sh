# SPDX-License-Identifier: Apache-2.0
# A web server beside each database of the lab, to be sourced: nginx, which says its host's name.
# Needs in_ns (topology.sh) and WORK (a folder of ours).

readonly WEB_PORT=80
declare -A WEB_PIDS=()

# web_start HOST
web_start() {
    local host=$1 folder=$WORK/$1/web
    mkdir -p "$folder/page" "$folder/temp"
    printf '%s\n' "$host" >"$folder/page/index.html"
    cat >"$folder/nginx.conf" <<CONF
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 40000;
pid $folder/pid;
error_log $folder/log;
events { worker_connections 20000; }
http {
    access_log off;
    keepalive_timeout 300;
    keepalive_requests 1000000;
    client_body_temp_path $folder/temp;
    proxy_temp_path $folder/temp;
    fastcgi_temp_path $folder/temp;
    uwsgi_temp_path $folder/temp;
    scgi_temp_path $folder/temp;
    server { listen $WEB_PORT; root $folder/page; }
}
CONF
    become_in_ns "$host" nginx -c "$folder/nginx.conf" -e "$folder/log" &
    WEB_PIDS[$host]=$!
}

web_stop() {
    local host
    for host in "${!WEB_PIDS[@]}"; do kill "${WEB_PIDS[$host]}" 2>/dev/null; done
    for host in "${!WEB_PIDS[@]}"; do wait "${WEB_PIDS[$host]}" 2>/dev/null; done
    WEB_PIDS=()
}
