/** The runtimes that users have their programs on. */
import { dirname } from "node:path";

export type RuntimeName = "Node" | "Bun";

export interface Runtime {
  name: RuntimeName;
  executable: string;
  /** Comes before the program. */
  flags: string[];
}

/** The oldest Node that the package says it runs on, as major, minor and patch. */
const OLDEST_NODE = [20, 18, 1];

const isOldEnough = (version: string): boolean => {
  const parts = version.replace(/^v/, "").split(".").map(Number);
  for (const [index, least] of OLDEST_NODE.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
};

const findNode = (): Runtime | string => {
  const executable = Bun.which("node");
  if (executable === null) return "needs Node, which is not installed";
  const version = Bun.spawnSync([executable, "--version"]).stdout.toString().trim();
  if (isOldEnough(version)) return { name: "Node", executable, flags: ["--enable-source-maps"] };
  return `needs Node ${OLDEST_NODE.join(".")} or newer, found ${version}`;
};

/** The runtime, or why there is none. */
export const findRuntime = (name: RuntimeName): Runtime | string =>
  name === "Node" ? findNode() : { name, executable: process.execPath, flags: ["--no-env-file"] };

/** Everything a program is started with beside its own variables. */
export const baseEnvironment = (executable: string): Record<string, string> => ({
  PATH: [dirname(executable), process.env["PATH"] ?? ""].join(":"),
  HOME: process.env["HOME"] ?? "/root",
  LANG: "C.UTF-8",
});
