/** Which test files there are, and in which order they run. */
import { join } from "node:path";

export interface Suite {
  name: string;
  files: string[];
  /** Several files at once, each in a process of its own; else one after the other. */
  parallel: boolean;
  /** How many `bun test` processes there may be at a time, of those that are not `parallel`. */
  atOnce: number;
  /** Boots virtual machines: root, packages and the compiled agent. */
  needsHost: boolean;
  /** Looks at the dashboard in a real browser. */
  needsBrowser: boolean;
  /** Of a single test. */
  timeoutMs: number;
  /** Of one `bun test` process. */
  deadlineMs: number;
}

/** Folders of `test/` whose tests need no virtual machine. */
const LIGHT_FOLDERS = ["bench", "db", "guest", "rules", "run", "server", "support"];

/** Of the dashboard over real sandboxes. */
const isLive = (path: string): boolean => path.startsWith("test/web/") && path.endsWith("-live.test.ts");

const isOfBrowser = (path: string): boolean => path.startsWith("test/web/") && !isLive(path);

const isLight = (path: string): boolean =>
  !path.startsWith("test/") || LIGHT_FOLDERS.some((folder) => path.startsWith(`test/${folder}/`));

/**
 * Real sandboxes whose tests measure neither time nor memory and set up no network that others would meet:
 * much of what they do is waiting, so two of them at a time take less.
 */
const COMPANIONABLE = [
  /^test\/sdk\/(?:sdk|cli)\./,
  /^test\/agent\/vm\//,
  /^test\/agent\/(?:deletion|drain|durability|expiry|heartbeat|images|join|lifecycle|refusals|spares|standbys|template-copies|tls|traffic)\./,
  /^test\/e2e\/(?:any-libc|bad-input|cycles|forks|e2b-rest|other-database|samples|sandbox)\./,
];

const isCompanionable = (path: string): boolean => COMPANIONABLE.some((pattern) => pattern.test(path));

/** It goes first, so that nothing waits for it alone at the end. */
const isLong = (path: string): boolean => path.startsWith("test/sdk/sdk.");

/** Test files whose path contains one of `filters` (all without any), light ones first. */
export const findSuites = (root: string, filters: string[]): Suite[] => {
  const found = [...new Bun.Glob("{server,agent,web,proto,db,test}/**/*.test.ts").scanSync({ cwd: root })]
    .filter((path) => !path.includes("node_modules/"))
    .filter((path) => filters.length === 0 || filters.some((filter) => join(path).includes(filter)))
    .sort();
  const suites: Suite[] = [
    {
      name: "unit",
      files: found.filter(isLight),
      parallel: true,
      atOnce: 1,
      needsHost: false,
      needsBrowser: false,
      timeoutMs: 30_000,
      deadlineMs: 600_000,
    },
    {
      name: "browser",
      files: found.filter(isOfBrowser),
      parallel: false,
      atOnce: 2,
      needsHost: false,
      needsBrowser: true,
      timeoutMs: 60_000,
      deadlineMs: 600_000,
    },
    {
      name: "real sandboxes, two at a time",
      files: found.filter(isCompanionable).toSorted((a, b) => Number(isLong(b)) - Number(isLong(a))),
      parallel: false,
      atOnce: 2,
      needsHost: true,
      needsBrowser: false,
      timeoutMs: 180_000,
      deadlineMs: 1_500_000,
    },
    {
      name: "real sandboxes",
      files: found.filter(
        (path) => !isLight(path) && !isOfBrowser(path) && !isLive(path) && !isCompanionable(path),
      ),
      parallel: false,
      atOnce: 1,
      needsHost: true,
      needsBrowser: false,
      timeoutMs: 180_000,
      deadlineMs: 900_000,
    },
    {
      name: "real sandboxes in the dashboard",
      files: found.filter(isLive),
      parallel: false,
      atOnce: 1,
      needsHost: true,
      needsBrowser: true,
      timeoutMs: 180_000,
      deadlineMs: 900_000,
    },
  ];
  return suites.filter((suite) => suite.files.length > 0);
};
