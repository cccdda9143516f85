/** What the built-in root file system `minimal` consists of. Any change here gives a new image. */
import { createHash } from "node:crypto";

export const PACKAGES = [
  "bash",
  "coreutils",
  "util-linux",
  "mount",
  "sudo",
  "procps",
  "iproute2",
  "ca-certificates",
  "curl",
  "git",
  "python3",
  // the name `python`
  "python-is-python3",
];

/** Also holds for packages installed later, inside a sandbox. */
export const DPKG_OPTIONS = [
  "path-exclude=/usr/share/doc/*",
  "path-include=/usr/share/doc/*/copyright",
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/info/*",
  "path-exclude=/usr/share/locale/*",
  "path-exclude=/usr/share/lintian/*",
];

export interface ImageFile {
  path: string;
  content: string;
  mode: number;
}

export const FILES: ImageFile[] = [
  { path: "etc/sudoers.d/user", content: "user ALL=(ALL:ALL) NOPASSWD: ALL\n", mode: 0o440 },
  { path: "etc/default/locale", content: "LANG=C.UTF-8\n", mode: 0o644 },
  { path: "etc/hosts", content: "127.0.0.1 localhost sandbox\n", mode: 0o644 },
  { path: "etc/hostname", content: "sandbox\n", mode: 0o644 },
  // written anew for every sandbox
  { path: "etc/machine-id", content: "", mode: 0o444 },
];

/** Removed after the build: what only the build itself needed. */
export const REMOVED = [
  "etc/apt/apt.conf.d/99mmdebstrap",
  "etc/resolv.conf",
  "var/cache/apt/archives",
  "var/cache/apt/pkgcache.bin",
  "var/cache/apt/srcpkgcache.bin",
  "var/cache/debconf/config.dat-old",
  "var/cache/debconf/templates.dat-old",
  "var/lib/dpkg/status-old",
  "var/log/apt",
  "var/log/dpkg.log",
  "var/log/bootstrap.log",
  "var/log/alternatives.log",
];

/** Names the recipe: 16 hex digits. */
export const RECIPE_ID = createHash("sha256")
  .update(JSON.stringify([PACKAGES, DPKG_OPTIONS, FILES, REMOVED]))
  .digest("hex")
  .slice(0, 16);
