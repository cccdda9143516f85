/** Which test files there are, and in which order they run. */
import { join } from "node:path";

export interface Suite {
  name: string;
  files: string[];
  /** Several files at once, each in a process of its own; else one after the other. */
  parallel: boolean;
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
      needsHost: false,
      needsBrowser: false,
      timeoutMs: 30_000,
      deadlineMs: 600_000,
    },
    {
      name: "browser",
      files: found.filter(isOfBrowser),
      parallel: false,
      needsHost: false,
      needsBrowser: true,
      timeoutMs: 60_000,
      deadlineMs: 600_000,
    },
    {
      name: "real sandboxes",
      files: found.filter((path) => !isLight(path) && !isOfBrowser(path) && !isLive(path)),
      parallel: false,
      needsHost: true,
      needsBrowser: false,
      timeoutMs: 180_000,
      deadlineMs: 900_000,
    },
    {
      name: "real sandboxes in the dashboard",
      files: found.filter(isLive),
      parallel: false,
      needsHost: true,
      needsBrowser: true,
      timeoutMs: 180_000,
      deadlineMs: 900_000,
    },
  ];
  return suites.filter((suite) => suite.files.length > 0);
};
