import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";

import { setProcessPriority } from "./priority.ts";

/** Niceness of the process and of its session (null where the kernel knows none), and how early it goes. */
const standing = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const autogroup = `/proc/${pid}/autogroup`;
  return {
    nice: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]),
    sessionNice: existsSync(autogroup) ? Number(readFileSync(autogroup, "utf8").split(" ").at(-1)) : null,
    oomScore: Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8")),
  };
};

test("in the background it yields processor and memory to all others, and takes its place again", async () => {
  const child = Bun.spawn(["sleep", "60"], { stdio: ["ignore", "ignore", "ignore"], detached: true });
  try {
    setProcessPriority(child.pid, "background");
    const { sessionNice, ...background } = standing(child.pid);
    expect(background).toEqual({ nice: 10, oomScore: 1_000 });
    if (sessionNice !== null) expect(sessionNice).toBe(10);

    setProcessPriority(child.pid, "normal");
    const { sessionNice: sessionAfter, ...normal } = standing(child.pid);
    expect(normal).toEqual({ nice: 0, oomScore: 600 });
    if (sessionAfter !== null) expect(sessionAfter).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});
