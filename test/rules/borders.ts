/** Who may import whom. Paths are relative to the root; see docs/architecture.md for the reasons. */

/** Top-level folders and the folders each may import from, besides itself. */
export const FOLDER_BORDERS: Record<string, string[]> = {
  server: ["db", "proto"],
  agent: ["proto"],
  web: [],
  proto: [],
  db: ["proto"],
  test: ["server", "agent", "web", "proto", "db"],
};

/** Packages that only these folders may use. */
export const PACKAGE_BORDERS: Record<string, string[]> = {
  elysia: ["server", "web", "test"],
  postgres: ["db", "server", "test"],
  lit: ["web", "test"],
};

/**
 * Inside the agent: which folders each folder may import from. Files directly in `agent/` compose the
 * parts: entry points may import anything; the listed shared modules may be imported by anything.
 */
export const AGENT_BORDERS: Record<string, string[]> = {
  system: [],
  vm: ["system"],
  net: ["system"],
  images: ["system"],
  sandboxes: ["vm", "images", "net", "system"],
  traffic: ["sandboxes", "system"],
  rpc: ["sandboxes", "system"],
  control: ["sandboxes", "system"],
  guest: [],
};

/** Folders that put the parts together, as the files directly in `agent/` do. */
export const AGENT_COMPOSERS = ["commands", "doctor"];

/** Contracts between parts: plain types, constants and bytes, of what a VM runtime offers and of the guest's doors. */
export const AGENT_CONTRACTS = ["agent/vm/runtime.ts", "agent/guest/protocol.ts", "agent/guest/init/wire.ts"];

/** Leaf modules for all parts but the guest; the check of call tokens is the same at both doors. */
export const AGENT_SHARED = [
  "agent/errors.ts",
  "agent/config.ts",
  "agent/version.ts",
  "agent/rpc/call-token.ts",
];

const isTest = (path: string): boolean => path.endsWith(".test.ts");

/** Why `from` may not import `to`, or null when it may. `typesOnly`: nothing of it runs. */
export const judgeImport = (from: string, to: string, typesOnly: boolean): string | null => {
  const [fromFolder = "", fromArea = ""] = from.split("/");
  const [toFolder = "", toArea = ""] = to.split("/");
  const allowed = FOLDER_BORDERS[fromFolder];
  if (allowed === undefined || FOLDER_BORDERS[toFolder] === undefined) return null;

  if (fromFolder !== toFolder) {
    if (allowed.includes(toFolder)) return null;
    if (fromFolder === "web" && toFolder === "server" && typesOnly) return null;
    // Tests beside the code share the helpers of test/support.
    if (isTest(from) && to.startsWith("test/support/")) return null;
    return `${fromFolder}/ may not import ${toFolder}/`;
  }
  if (fromFolder !== "agent" || isTest(from)) return null;
  const composes = fromArea.endsWith(".ts") || AGENT_COMPOSERS.includes(fromArea);
  if (composes || fromArea === toArea) return null;
  const areas = AGENT_BORDERS[fromArea];
  if (areas === undefined) return `agent/${fromArea}/ is not in the table of agent folders`;
  if (areas.includes(toArea)) return null;
  if (fromArea !== "guest" && (AGENT_CONTRACTS.includes(to) || AGENT_SHARED.includes(to))) return null;
  return `agent/${fromArea}/ may not import ${to}`;
};
