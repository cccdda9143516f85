/** `doctor`: one line per thing this machine needs, each lack with its remedy. Changes nothing. */
import { loadConfig } from "../config.ts";
import { checks } from "../doctor/checks.ts";

const MARKS = { ok: "ok  ", warning: "note", missing: "FAIL" } as const;

/** Exit code 0 when sandboxes can run here, 1 when something is missing. */
export const runDoctor = async (flags: Record<string, string>): Promise<number> => {
  const config = await loadConfig(flags);
  let missing = 0;
  for (const check of checks) {
    const { state, text, remedy } = await check.look(config);
    if (state === "missing") missing += 1;
    const advice = remedy === undefined ? "" : `: ${remedy}`;
    process.stdout.write(`${MARKS[state]}  ${check.name.padEnd(16)} ${text}${advice}\n`);
  }
  const verdict =
    missing === 0 ? "this machine can run sandboxes" : `${missing} of ${checks.length} checks failed`;
  process.stdout.write(`${verdict}\n`);
  return missing === 0 ? 0 : 1;
};
