/**
 * The program of cases: runs those that its standard input names, one after the other, with the package as
 * any program imports it. It knows the server by the E2B variables alone, as users' programs do.
 */
import { createInterface } from "node:readline";

import { ALL_CASES } from "../cases/all.ts";
import { TRANSFERS } from "../cases/transfers.ts";
import { ANSWER_MARK, type Instruction, type Outcome, type Settings, SETTINGS_VARIABLE } from "./protocol.ts";
import type { Sdk } from "./sdk.ts";
import { World } from "./world.ts";

const settings: Settings = JSON.parse(process.env[SETTINGS_VARIABLE] ?? "{}");
const sdk: Sdk = await import(settings.packageName);
const world = new World(sdk, settings);

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
};

const run = async (name: string): Promise<string | null> => {
  const found = [...ALL_CASES, ...TRANSFERS].find((one) => one.name === name);
  if (found === undefined) return `there is no case "${name}"`;
  try {
    await found.run(sdk, world);
    return null;
  } catch (error) {
    return describe(error);
  } finally {
    await world.clear();
  }
};

const answer = (outcome: Outcome): void => {
  process.stdout.write(`${ANSWER_MARK}${JSON.stringify(outcome)}\n`);
};

for await (const line of createInterface({ input: process.stdin })) {
  const instruction: Instruction = JSON.parse(line);
  answer({ run: instruction.run, failure: await run(instruction.run).catch(describe) });
}
await world.close();
process.exit(0);
