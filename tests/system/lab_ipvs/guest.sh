# SPDX-License-Identifier: Apache-2.0
# A director with a real kernel's IPVS, to be sourced: QEMU with Debian's kernel, plugged into the
# lab's switch as lvs02.  It has no disk: /usr and the kernel's modules are this machine's, by 9p,
# and it does what files in a shared folder say.  Needs topology.sh, director.sh and WORK.

readonly GUEST_FOLDER=$BUILD/lab_ipvs/guest
readonly GUEST_SHARE=$WORK/share
readonly GUEST_MAC=02:00:00:00:13:94
readonly GUEST_SECONDS_MAX=900
readonly GUEST_BOOT_SECONDS_MAX=400
readonly GUEST_ANSWER_SECONDS_MAX=120
# What there must be before the folders of 9p are.
readonly GUEST_MODULES=(virtio_pci virtio_net 9pnet_virtio 9p)
guest_pid=''

# The kernel that Debian has now, unpacked; it is fetched once.
guest_prepare_kernel() {
    local package
    [ ! -e "$GUEST_FOLDER/release" ] || return 0
    mkdir -p "$GUEST_FOLDER/root"
    package=$(apt-cache depends linux-image-amd64 |
        sed -n 's/.*Depends: \(linux-image-6[^ ]*\)/\1/p' | head -n 1)
    (cd "$GUEST_FOLDER" && apt-get -o APT::Sandbox::User=root download "$package") &&
        dpkg-deb -x "$GUEST_FOLDER/$package"_*.deb "$GUEST_FOLDER/root" &&
        depmod -b "$GUEST_FOLDER/root" "${package#linux-image-}" &&
        printf '%s\n' "${package#linux-image-}" >"$GUEST_FOLDER/release"
}

# busybox, the modules that find 9p, and guest_init.
guest_prepare_initramfs() {
    local release tree modules module file
    release=$(cat "$GUEST_FOLDER/release")
    modules=lib/modules/$release
    tree=$(mktemp -d)
    mkdir -p "$tree/$modules"
    cp "$(command -v busybox)" "$tree/busybox"
    cp tests/system/lab_ipvs/guest_init "$tree/init"
    for module in "${GUEST_MODULES[@]}"; do
        for file in $(grep "/$module\.ko:" "$GUEST_FOLDER/root/$modules/modules.dep" | tr -d :); do
            mkdir -p "$tree/$modules/$(dirname "$file")"
            cp "$GUEST_FOLDER/root/$modules/$file" "$tree/$modules/$file"
        done
    done
    cp "$GUEST_FOLDER/root/$modules"/modules.{builtin,builtin.modinfo,order} \
        "$tree/$modules"
    depmod -b "$tree" "$release" &&
        (cd "$tree" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$GUEST_FOLDER/initramfs"
    rm -rf "$tree"
}

# Without KVM, which ACCEL=kvm uses where it works, the guest takes its time.
guest_start() {
    local release read_only=security_model=none,readonly=on
    release=$(cat "$GUEST_FOLDER/release")
    rm -rf "$GUEST_SHARE"
    mkdir -p "$GUEST_SHARE/etc"
    cp -a /etc/passwd /etc/group /etc/hosts /etc/protocols /etc/services /etc/ld.so.cache \
        /etc/alternatives "$GUEST_SHARE/etc/" 2>/dev/null
    in_ns sw ip tuntap add dev guest0 mode tap
    ip -n "$LAB-sw" link set guest0 master br0 up
    become_in_ns sw timeout $GUEST_SECONDS_MAX qemu-system-x86_64 -M pc -accel "${ACCEL:-tcg}" \
        -cpu qemu64 -m 512 -smp 1 -nographic -no-reboot -nodefaults -serial stdio \
        -kernel "$GUEST_FOLDER/root/boot/vmlinuz-$release" -initrd "$GUEST_FOLDER/initramfs" \
        -append 'console=ttyS0 panic=-1 mitigations=off tsc=reliable no_timer_check' \
        -netdev tap,id=n0,ifname=guest0,script=no,downscript=no \
        -device "virtio-net-pci,netdev=n0,mac=$GUEST_MAC" \
        -virtfs local,path=/usr,mount_tag=usr,$read_only,multidevs=remap \
        -virtfs "local,path=$GUEST_FOLDER/root/lib/modules,mount_tag=modules,$read_only" \
        -virtfs "local,path=$GUEST_SHARE,mount_tag=share,security_model=none" \
        </dev/null >"$WORK/guest.log" 2>&1 &
    guest_pid=$!
    daemon_pid=$guest_pid
    local begin=$SECONDS
    until [ -e "$GUEST_SHARE/ready" ]; do
        kill -0 "$guest_pid" 2>/dev/null ||
            give_up "the guest ended: $(tail -n 1 "$WORK/guest.log")"
        [ $((SECONDS - begin)) -lt $GUEST_BOOT_SECONDS_MAX ] || give_up "the guest does not start."
        sleep 0.2
    done
    say "  the guest runs Linux $release after $((SECONDS - begin)) s"
}

guest_stop() {
    [ -z "$guest_pid" ] || kill "$guest_pid" 2>/dev/null
    wait "$guest_pid" 2>/dev/null
    guest_pid=''
}

# guest COMMAND...: runs it there; its output and result.
guest() {
    local number begin=$SECONDS
    # By the files, because subshells ask too.
    number=$(find "$GUEST_SHARE" -name '*.command' | wc -l)
    printf '%s\n' "$*" >"$GUEST_SHARE/$number.new"
    mv "$GUEST_SHARE/$number.new" "$GUEST_SHARE/$number.command"
    until [ -e "$GUEST_SHARE/$number.result" ]; do
        [ $((SECONDS - begin)) -lt $GUEST_ANSWER_SECONDS_MAX ] ||
            give_up "the guest does not answer."
        sleep 0.1
    done
    cat "$GUEST_SHARE/$number.output"
    return "$(cat "$GUEST_SHARE/$number.result")"
}
