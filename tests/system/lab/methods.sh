#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo without a card, by NAT, TUN and FULLNAT, with fewer connections: real databases, web
# servers and clients behind every forwarding method but DR, which other tests have.  By one worker
# and by three.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.." || exit 1

[ "$(id -u)" = 0 ] || exit 77
for tool in nginx wrk mariadbd; do command -v $tool >/dev/null || exit 77; done

for case in NAT:1 NAT:3 TUN:1 FULLNAT:1 FULLNAT:3; do
    CARD=none METHOD=${case%:*} WORKERS=${case#*:} CLIENTS=3 CONNECTIONS_EACH=5 HELD=1000 \
        tests/system/lab/demo.sh || exit 1
done
