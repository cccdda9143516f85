/** Ends things as a power cut does, one at a time, and starts again what an operator's system would. */
import type { JoinedAgent } from "../support/joined-agent.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { readTraces } from "../support/traces.ts";
import type { Random } from "./random.ts";

export interface Targets {
  server: ServerProcess;
  databaseUrl: string;
  agent: JoinedAgent;
}

type Kill = (targets: Targets, random: Random) => Promise<string>;

const MAX_AWAY_MS = 1_000;

const killAgent: Kill = async ({ agent }, random) => {
  await agent.crash();
  await Bun.sleep(random.between(0, MAX_AWAY_MS));
  await agent.launch();
  return "agent";
};

const killServer: Kill = async ({ server, databaseUrl }, random) => {
  await server.crash();
  await Bun.sleep(random.between(0, MAX_AWAY_MS));
  await server.launch(databaseUrl);
  return "server";
};

const killMachine: Kill = async ({ agent }, random) => {
  const { vms } = await readTraces(agent.directory);
  const pid = random.pick(vms);
  if (pid !== undefined) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It was just ending anyway.
    }
  }
  return "machine";
};

const KILLS: Kill[] = [killAgent, killServer, killMachine];

/** Each kind in turn, in an order and at times that follow from the seed. Returns what was killed. */
export const runKiller = async (
  targets: Targets,
  random: Random,
  isOver: () => boolean,
): Promise<string[]> => {
  const killed: string[] = [];
  let left: Kill[] = [];
  while (!isOver()) {
    await Bun.sleep(random.between(500, 4_000));
    if (left.length === 0) left = [...KILLS];
    const [kill] = left.splice(random.between(0, left.length - 1), 1);
    if (kill !== undefined) killed.push(await kill(targets, random));
  }
  return killed;
};
