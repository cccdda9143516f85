/** One client of a schedule: does one random thing after the other, and bears every answer. */
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** Room for this many on a small machine. */
const MAX_SANDBOXES = 6;
/** With fewer nothing is removed: at the end there is something to look at. */
const MIN_SANDBOXES = 4;

type Deed = (world: World, random: Random, id: string) => Promise<void>;

const create = async (world: World): Promise<void> => {
  const made = await world.ask("create", "", { template: "minimal", timeout_sec: 0 });
  if (made?.status !== 201) return;
  const { id } = made.body;
  world.alive.add(id);
  const marked = await world.ask("exec", `/${id}/exec`, { cmd: `echo ${id} > mark && sync` });
  if (marked?.status === 200 && marked.body.exit_code === 0) world.marks.set(id, id);
};

const fork: Deed = async (world, random, id) => {
  const made = await world.ask("fork", `/${id}/fork`, { count: random.between(1, 2) });
  if (made === null || made.status >= 300) return;
  const mark = world.marks.get(id);
  for (const child of made.body.items.filter(({ status }) => status === "running")) {
    world.alive.add(child.id);
    if (mark !== undefined) world.marks.set(child.id, mark);
  }
};

const remove: Deed = async (world, _random, id) => {
  world.alive.delete(id);
  await world.ask("delete", `/${id}`, undefined, "DELETE");
};

const exec: Deed = async (world, _random, id) => {
  const answer = await world.ask("exec", `/${id}/exec`, { cmd: "echo $((6 * 7))" });
  if (answer?.status !== 200 || answer.body.exit_code !== 0) return;
  if (answer.body.stdout !== "42\n") world.offences.push(`exec in ${id} said ${answer.body.stdout}`);
};

const pause: Deed = async (world, _random, id) => {
  await world.ask("pause", `/${id}/pause`, {});
};

const resume: Deed = async (world, _random, id) => {
  await world.ask("resume", `/${id}/resume`, {});
};

/** As often as they are named. */
const DEEDS: Deed[] = [pause, pause, resume, resume, resume, exec, exec, exec, fork, remove];

/** Goes on until `isOver`; every call has a deadline of the server's. */
export const runClient = async (world: World, random: Random, isOver: () => boolean): Promise<void> => {
  while (!isOver()) {
    // Answers that refuse come fast: a dead server is not asked a thousand times.
    await Bun.sleep(random.between(10, 100));
    const { size } = world.alive;
    const id = random.pick([...world.alive]);
    if (id === undefined || (size < MAX_SANDBOXES && random.next() < 0.3)) {
      await create(world);
      continue;
    }
    const deed = random.pick(DEEDS) ?? exec;
    const isTooMany = deed === fork && size >= MAX_SANDBOXES;
    const isTooFew = deed === remove && size < MIN_SANDBOXES;
    await (isTooMany || isTooFew ? exec : deed)(world, random, id);
  }
};
