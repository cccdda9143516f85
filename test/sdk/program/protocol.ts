/** How a test file and the program of cases talk: JSON lines over standard input and output. */

/** Marks the program's own lines: anything else on its output is somebody's print. */
export const ANSWER_MARK = "@@case ";

/** Variable that holds the `Settings` as JSON. */
export const SETTINGS_VARIABLE = "SDK_CASES_SETTINGS";

export interface Settings {
  /** What to import: the package or its alias for an older version. */
  packageName: string;
  urls: "plain" | "tls";
  /** Full lengths and sizes; else a tenth. */
  isSoak: boolean;
  /** Of the server, as in E2B_API_URL. */
  apiUrl: string;
  /** Of a team that owns none of the sandboxes. */
  otherApiKey: string;
  /** A second server over the same data that lets only `LIMITED_WRITES` writes through. */
  limitedApiUrl: string;
  /** What stands for the internet. */
  sites: [Site, Site];
}

/** Answers at port 80 of its address, and says its name. */
export interface Site {
  name: string;
  address: string;
  host: string;
}

/** What the second server lets through, and in which time. */
export const LIMITED_WRITES = { count: 5, windowSec: 2 };

export interface Instruction {
  /** Name of the case. */
  run: string;
}

export interface Outcome {
  run: string;
  /** Null: it held. */
  failure: string | null;
}
