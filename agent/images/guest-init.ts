/**
 * The two scripts that bring a sandbox up: `/init` of the initial RAM disk, which finds the disks and the
 * network, and pid 1 of the running sandbox, which lives on the guest drive and keeps the guest agent up.
 * Both run under static busybox, so an image needs no program of its own.
 */

import { EMULATED_ENVIRONMENT } from "../guest/protocol.ts";
import {
  GATEWAY_ADDRESS,
  GATEWAY_MAC_ADDRESS,
  GUEST_ADDRESS,
  GUEST_PREFIX_BITS,
} from "../system/guest-network.ts";

/** Where the guest drive is mounted; the guest agent's ELF interpreter points into it. */
export const DRIVE_MOUNT = "/opt/wrenn";

/** Writes the guest's file systems out; an image need not have a program for it. */
export const SYNC_COMMAND: [string, ...string[]] = [`${DRIVE_MOUNT}/bin/busybox`, "sync"];

/** @param modules file names under /lib/modules of the initial RAM disk, in load order */
export const initrdScript = (modules: string[]): string => `#!/bin/busybox sh
B=/bin/busybox
fail() { echo "wrenn-init: $1" >/dev/console; $B sleep 1; $B reboot -f; }
$B mount -t proc proc /proc
$B mount -t sysfs sys /sys
$B mount -t devtmpfs dev /dev
for m in ${modules.join(" ")}; do $B insmod /lib/modules/$m || fail "module $m does not load"; done
$B ip link set lo up
$B ip link set eth0 up || fail "no network device"
$B ip addr add ${GUEST_ADDRESS}/${GUEST_PREFIX_BITS} dev eth0
$B arp -s ${GATEWAY_ADDRESS} ${GATEWAY_MAC_ADDRESS}
$B ip route add default via ${GATEWAY_ADDRESS}
N=/newroot
$B mount -t ext4 -o rw,noatime,noinit_itable /dev/vda $N || fail "the disk does not mount"
[ -d $N/tmp ] || $B mkdir -m 1777 $N/tmp
for d in proc sys dev run etc opt/wrenn; do [ -d $N/$d ] || $B mkdir -p $N/$d; done
$B mount -t ext4 -o ro /dev/vdb $N${DRIVE_MOUNT} || fail "the guest drive does not mount"
W=$N${DRIVE_MOUNT}
# ext4 superblock: word 1 is the count of blocks, word 6 says how many KiB each has, as a power of two
set -- $($B od -An -v -t u4 -j 1024 -N 28 /dev/vda)
if [ $(($2 << ($7 + 1))) -lt $(($($B blockdev --getsz /dev/vda) - 16384)) ]; then
  $W/ld.so --library-path $W/lib $W/bin/resize2fs /dev/vda >/dev/console 2>&1 ||
    fail "the file system does not grow to the disk's size"
fi
$B mount -o move /dev $N/dev
$B mount -o move /proc $N/proc
$B mount -o move /sys $N/sys
$B mount -t tmpfs -o mode=0755,nosuid,nodev run $N/run
$B mkdir -p $N/dev/pts $N/dev/shm
$B mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts $N/dev/pts
$B mount -t tmpfs -o mode=1777,nosuid,nodev shm $N/dev/shm
[ -d $N/sys/fs/cgroup ] && $B mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 $N/sys/fs/cgroup
for l in "fd /proc/self/fd" "stdin /proc/self/fd/0" "stdout /proc/self/fd/1" "stderr /proc/self/fd/2"; do
  $B ln -sf \${l#* } $N/dev/\${l% *}
done
$B rm -f $N/etc/resolv.conf
echo "nameserver ${GATEWAY_ADDRESS}" > $N/etc/resolv.conf
# a sandbox that boots again keeps the name it was given
[ -s $N/etc/hostname ] || echo sandbox > $N/etc/hostname
$B hostname "$($B head -n 1 $N/etc/hostname)"
[ -s $N/etc/hosts ] || echo "127.0.0.1 localhost sandbox" > $N/etc/hosts
exec $B switch_root $N ${DRIVE_MOUNT}/bin/busybox sh ${DRIVE_MOUNT}/pid1
`;

const EMULATED_EXPORTS = Object.entries(EMULATED_ENVIRONMENT)
  .map(([name, value]) => `${name}=${value}`)
  .join(" ");

/**
 * Pid 1. `wait` also reaps orphans. The guest agent is started again after it ends, at once the first
 * time and then with a growing pause up to five seconds; a minute of life resets the pause.
 * Under software emulation compiling costs more than it gains (`wrenn.emulated=1` on the kernel's line).
 */
export const PID1_SCRIPT = `#!${DRIVE_MOUNT}/bin/busybox sh
B=${DRIVE_MOUNT}/bin/busybox
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux
# inherited by the guest agent, which gives its children 0 back: the kernel never picks it
echo -1000 > /proc/self/oom_score_adj
$B mkdir -p /run/wrenn
$B mkfifo -m 600 /run/wrenn/agent.pipe
exec 3<>/run/wrenn/agent.pipe
LOG=/run/wrenn/agent.log
keep_log() {
  lines=0
  while IFS= read -r line; do
    echo "$line" >/dev/console
    echo "$line" >> $LOG
    lines=$((lines + 1))
    if [ $lines -ge 2000 ]; then $B mv -f $LOG $LOG.1; lines=0; fi
  done
}
keep_log <&3 3<&- &
case " $($B cat /proc/cmdline) " in
  *" wrenn.emulated=1 "*)
    export ${EMULATED_EXPORTS} ;;
esac
pause=0
while :; do
  started=$($B cut -d. -f1 /proc/uptime)
  LD_LIBRARY_PATH=${DRIVE_MOUNT}/lib ${DRIVE_MOUNT}/wrenn-agent guest </dev/null >&3 2>&1 3<&- &
  wait $!
  status=$?
  lived=$(($($B cut -d. -f1 /proc/uptime) - started))
  [ $lived -ge 60 ] && pause=0
  echo "wrenn-init: the guest agent ended with status $status after $lived s; next start in $pause s" >&3
  $B sleep $pause
  [ $pause -lt 5 ] && pause=$((pause + 1))
done
`;

/** Added to the kernel's line when the machine is emulated: each spares translated code or touched memory. */
const EMULATED_COMMAND_LINE =
  "wrenn.emulated=1 norandmaps mitigations=off init_on_alloc=0 randomize_kstack_offset=off " +
  "hardened_usercopy=off psi=0 audit=0 transparent_hugepage=never nowatchdog lsm=landlock,yama";

/** IPv6 stays off in the guest: programs may still bind `::`, which then serves IPv4. */
export const kernelCommandLine = (options: { emulated: boolean }): string =>
  ["ipv6.disable_ipv6=1", ...(options.emulated ? [EMULATED_COMMAND_LINE] : [])].join(" ");
