/** Checks of `doctor` for programs. */
import { readQemuVersion } from "../vm/open-runtime.ts";
import { type Check, missing, ok } from "./check.ts";

interface Tool {
  program: string;
  debianPackage: string;
  why: string;
}

const TOOLS: Tool[] = [
  { program: "qemu-img", debianPackage: "qemu-utils", why: "makes disks" },
  { program: "ip", debianPackage: "iproute2", why: "makes networks" },
  { program: "nft", debianPackage: "nftables", why: "guards networks" },
  { program: "losetup", debianPackage: "mount", why: "shares memory images read-only" },
  { program: "setpriv", debianPackage: "util-linux", why: "drops rights" },
  { program: "nsenter", debianPackage: "util-linux", why: "enters networks" },
  { program: "mkfs.ext4", debianPackage: "e2fsprogs", why: "makes file systems" },
  { program: "mmdebstrap", debianPackage: "mmdebstrap", why: "builds the template minimal" },
  { program: "busybox", debianPackage: "busybox-static", why: "starts guests" },
];

const checkTool = ({ program, debianPackage, why }: Tool): Check => ({
  name: program,
  look: async () => {
    const path = Bun.which(program);
    return path === null
      ? missing(`is not installed (${why})`, `install the package ${debianPackage}`)
      : ok(path);
  },
});

const isStatic = async (path: string): Promise<boolean> => {
  // A dynamic program names its interpreter, a static one has none (ELF program header PT_INTERP).
  const head = Buffer.from(await Bun.file(path).slice(0, 4096).arrayBuffer());
  return !head.includes("/ld-linux");
};

const busyboxIsStatic: Check = {
  name: "busybox static",
  look: async () => {
    const path = Bun.which("busybox");
    if (path === null) return missing("busybox is not installed", "install the package busybox-static");
    return (await isStatic(path))
      ? ok("it needs no libraries")
      : missing(`${path} needs libraries that guests do not have`, "install the package busybox-static");
  },
};

const qemu: Check = {
  name: "qemu",
  look: async () => {
    try {
      return ok(`version ${await readQemuVersion()}`);
    } catch (error) {
      return missing(
        error instanceof Error ? error.message : String(error),
        "install the package qemu-system-x86 (7.2 or newer)",
      );
    }
  },
};

export const toolChecks: Check[] = [qemu, ...TOOLS.map(checkTool), busyboxIsStatic];
