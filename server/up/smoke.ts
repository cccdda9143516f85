/** The proof of `up --smoke`: a file, a running process and memory live through pause, resume and fork. */
import type { ApiClient } from "./api-client.ts";
import { CommandFailure } from "./failure.ts";
import { launchSandbox, type SandboxClient } from "./sandbox-client.ts";
import type { Steps } from "./steps.ts";
import { waitUntil } from "./wait-until.ts";

/**
 * Counts in a variable, so in memory alone, and shows the count in a RAM-backed file. The number of its
 * process and a random word that only its memory holds are shown the same way.
 */
const COUNTER = `
import os, time
word, count = os.urandom(8).hex(), 0
while True:
    count += 1
    with open("/dev/shm/count.new", "w") as shown:
        shown.write(f"{os.getpid()} {word} {count}")
    os.rename("/dev/shm/count.new", "/dev/shm/count")
    time.sleep(0.05)
`;

interface Shown {
  pid: string;
  word: string;
  count: number;
}

const expectEqual = (what: string, found: string, expected: string): void => {
  if (found === expected) return;
  throw new CommandFailure(
    "smoke_failed",
    `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`,
  );
};

const readCounter = async (sandbox: SandboxClient): Promise<Shown> => {
  const [pid = "", word = "", count = ""] = (await sandbox.run("cat /dev/shm/count")).split(" ");
  return { pid, word, count: Number(count) };
};

/** The same process, with the memory it had, and it goes on. */
const expectAlive = async (sandbox: SandboxClient, before: Shown): Promise<Shown> => {
  const after = await readCounter(sandbox);
  expectEqual("the process's number", after.pid, before.pid);
  expectEqual("a word in the process's memory", after.word, before.word);
  if (after.count < before.count) {
    throw new CommandFailure(
      "smoke_failed",
      `the process's count went back from ${before.count} to ${after.count}`,
    );
  }
  return waitUntil(
    async () => {
      const later = await readCounter(sandbox);
      return later.count > after.count ? later : null;
    },
    { what: "the process to go on counting", timeoutMs: 20_000 },
  );
};

const startCounter = async (sandbox: SandboxClient): Promise<Shown> => {
  await sandbox.run(
    `cat > /tmp/counter.py <<'END'\n${COUNTER}\nEND\nsetsid python3 /tmp/counter.py </dev/null >/dev/null 2>&1 &`,
  );
  return waitUntil(
    async () => {
      const shown = await sandbox.run("test -s /dev/shm/count && echo yes || echo no");
      return shown === "yes" ? readCounter(sandbox) : null;
    },
    { what: "the process to start", timeoutMs: 20_000 },
  );
};

/** Throws `CommandFailure` at the first thing that does not hold. Leaves no sandbox behind. */
export const smokeTest = async (api: ApiClient, steps: Steps): Promise<void> => {
  const made: SandboxClient[] = [];
  const keep = (sandbox: SandboxClient): SandboxClient => {
    made.push(sandbox);
    return sandbox;
  };
  try {
    const sandbox = await steps.run("create a sandbox", async () =>
      keep(await launchSandbox(api, "smoke test")),
    );
    await steps.run("first command", async (step) => step.detail(await sandbox.run("uname -a")));
    await steps.run("a line of Python", async (step) => {
      const answer = await sandbox.run(`python3 -c 'print(sum(range(101)))'`);
      expectEqual("the sum of 1 to 100", answer, "5050");
      step.detail(answer);
    });
    const before = await steps.run("a file and a process", async () => {
      await sandbox.run("echo kept > /home/user/file");
      return startCounter(sandbox);
    });
    await steps.run("pause", () => sandbox.pause());
    await steps.run("resume", () => sandbox.resume());
    const resumed = await steps.run("file, process and memory after the resume", async () => {
      expectEqual("the file", await sandbox.run("cat /home/user/file"), "kept");
      return expectAlive(sandbox, before);
    });
    const fork = await steps.run("fork", async () => keep(await sandbox.fork()));
    await steps.run("file, process and memory in both", async () => {
      expectEqual("the file in the fork", await fork.run("cat /home/user/file"), "kept");
      await expectAlive(fork, resumed);
      await expectAlive(sandbox, resumed);
      await fork.run("echo changed > /home/user/file");
      expectEqual("the source's file", await sandbox.run("cat /home/user/file"), "kept");
    });
    await steps.run("delete both", async () => {
      for (let one = made.pop(); one !== undefined; one = made.pop()) await one.remove();
    });
  } finally {
    await Promise.allSettled(made.map((one) => one.remove()));
  }
};

/** What an ordinary start proves: one sandbox, one command. Its output is shown. */
export const selfTest = async (api: ApiClient, steps: Steps): Promise<void> => {
  let sandbox: SandboxClient | null = null;
  try {
    sandbox = await steps.run("first sandbox", () => launchSandbox(api, "self-test of a start"));
    const launched = sandbox;
    await steps.run("a command in it", async (step) => step.detail(await launched.run("uname -a")));
    await steps.run("the same again", async () => void (await launched.run("uname -a")));
  } finally {
    await sandbox?.remove();
  }
};
