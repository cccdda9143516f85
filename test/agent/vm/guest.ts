/**
 * A small real guest: a RAM disk with busybox that counts, serves shell commands over HTTP and has a disk
 * or none. No template, no guest agent.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { writeCpio } from "../../../agent/system/cpio.ts";

/** Where the guest answers `POST /cgi-bin/run` with what the command in the body printed. */
export const GUEST_PORT = 49_983;

const INIT = `#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t devtmpfs dev /dev
for m in /modules/*; do $B insmod $m; done
$B ip addr add 169.254.0.21/30 dev eth0; $B ip link set eth0 up
$B --install -s /bin
(i=0; while true; do i=$((i+1)); echo $i > /count; sleep 0.02; done) &
httpd -p ${GUEST_PORT} -h /www
echo guest-is-up > /dev/console
while true; do sleep 1000; done
`;

const RUN_CGI = `#!/bin/sh
echo "Content-Type: text/plain"; echo
cat > /command; sh /command 2>&1
`;

const busyboxPath = (): string => Bun.which("busybox") ?? "/bin/busybox";

/** @param modulesDirectory kernel modules in load order, as `ensureKernelSource` leaves them */
export const buildGuestInitrd = (modulesDirectory: string): Uint8Array => {
  const modules = readdirSync(modulesDirectory).sort();
  const file = (path: string, content: string | Uint8Array) => ({
    path,
    mode: 0o755,
    content: Buffer.from(content),
  });
  return writeCpio([
    ...["bin", "dev", "proc", "modules", "www", "www/cgi-bin"].map((path) => ({ path, mode: 0o755 })),
    file("bin/busybox", readFileSync(busyboxPath())),
    file("init", INIT),
    file("www/cgi-bin/run", RUN_CGI),
    ...modules.map((name) => file(`modules/${name}`, readFileSync(join(modulesDirectory, name)))),
  ]);
};
